import CRdKafka
import Glibc

/// A list of partitions in librdkafka's form, freed with this value.
struct PartitionList: ~Copyable {
    private let pointer: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>

    init(capacity: Int = 0) {
        pointer = rd_kafka_topic_partition_list_new(Int32(clamping: capacity))
    }

    init(_ partitions: some Collection<TopicPartition>) {
        self.init(capacity: partitions.count)
        for partition in partitions {
            add(partition)
        }
    }

    /// `missing` is the librdkafka code for a position without an offset.
    init(_ offsets: some Collection<PartitionOffset>, missing: Int64) {
        self.init(capacity: offsets.count)
        for offset in offsets {
            let element = add(offset.topicPartition)
            element.pointee.offset = offset.offset ?? missing
            element.setMetadata(offset.metadata)
        }
    }

    deinit {
        rd_kafka_topic_partition_list_destroy(pointer)
    }

    @discardableResult
    borrowing func add(_ partition: TopicPartition) -> UnsafeMutablePointer<rd_kafka_topic_partition_t> {
        rd_kafka_topic_partition_list_add(pointer, partition.topic, partition.partition)
    }

    var offsets: [PartitionOffset] { Self.offsets(of: pointer) }

    /// Calls `body` while the list surely lives: of a pointer that was taken out, nothing would be known.
    borrowing func withPointer<R>(_ body: (UnsafeMutablePointer<rd_kafka_topic_partition_list_t>) -> R) -> R {
        body(pointer)
    }

    /// Calls a function of librdkafka with the list; throws what it returns.
    borrowing func check(
        _ body: (UnsafeMutablePointer<rd_kafka_topic_partition_list_t>) -> rd_kafka_resp_err_t
    ) throws(KafkaError) {
        try KafkaError.check(body(pointer))
    }

    /// The same for functions that return an error object.
    borrowing func checkObject(
        _ body: (UnsafeMutablePointer<rd_kafka_topic_partition_list_t>) -> OpaquePointer?
    ) throws(KafkaError) {
        try KafkaError.check(body(pointer))
    }

    /// The first partition's own error, if a call reported any.
    borrowing func checkEach() throws(KafkaError) {
        for index in 0..<Int(pointer.pointee.cnt) {
            try KafkaError.check(pointer.pointee.elems[index].err)
        }
    }

    static func partitions(of list: UnsafePointer<rd_kafka_topic_partition_list_t>) -> [TopicPartition] {
        (0..<Int(list.pointee.cnt)).map { index in
            let element = list.pointee.elems[index]
            return TopicPartition(topic: String(cString: element.topic), partition: element.partition)
        }
    }

    static func offsets(of list: UnsafePointer<rd_kafka_topic_partition_list_t>) -> [PartitionOffset] {
        (0..<Int(list.pointee.cnt)).map { index in
            let element = list.pointee.elems[index]
            let metadata = element.metadata.map {
                String(decoding: UnsafeRawBufferPointer(start: $0, count: element.metadata_size), as: UTF8.self)
            }
            return PartitionOffset(
                topic: String(cString: element.topic), partition: element.partition,
                offset: element.offset >= 0 ? element.offset : nil, metadata: metadata)
        }
    }
}

extension UnsafeMutablePointer<rd_kafka_topic_partition_t> {
    /// The list frees it with `free`, hence `malloc`.
    fileprivate func setMetadata(_ metadata: String?) {
        guard var metadata, !metadata.isEmpty else { return }
        metadata.withUTF8 { bytes in
            guard let start = bytes.baseAddress, let copy = malloc(bytes.count) else { return }
            memcpy(copy, start, bytes.count)
            pointee.metadata = copy
            pointee.metadata_size = bytes.count
        }
    }
}
