import KafkaClient

/// The messages of one batch as received, key, value and headers byte for byte: what a dead letter has to repeat. All bytes
/// stand in one array, so that a batch costs one allocation and not several a message.
struct MessageArena: Sendable {
    struct Entry: Sendable {
        var topic: String
        var partition: Int32
        var offset: Int64
        var key: Range<Int>?
        var value: Range<Int>?
        /// Into `headers`.
        var headers: Range<Int>

        var topicPartition: TopicPartition { TopicPartition(topic: topic, partition: partition) }
    }

    private struct Header: Sendable {
        var name: Range<Int>
        var value: Range<Int>?
    }

    private var bytes: [UInt8] = []
    private var headers: [Header] = []
    private(set) var entries: [Entry] = []

    mutating func append(_ message: borrowing ConsumedMessage) {
        let key = message.key.map { store($0) }
        let value = message.value.map { store($0) }
        let firstHeader = headers.count
        message.forEachHeader { name, value in
            headers.append(Header(name: store(name), value: value.map { store($0) }))
        }
        entries.append(
            Entry(
                topic: message.topic, partition: message.partition, offset: message.offset, key: key, value: value,
                headers: firstHeader..<headers.count))
    }

    /// One message, for a dead letter.
    func original(at index: Int) -> OriginalMessage {
        let entry = entries[index]
        return OriginalMessage(
            topic: entry.topic, partition: entry.partition, offset: entry.offset,
            key: entry.key.map { Array(bytes[$0]) },
            value: entry.value.map { Array(bytes[$0]) },
            headers: headers[entry.headers].map { header in
                (name: Array(bytes[header.name]), value: header.value.map { Array(bytes[$0]) })
            })
    }

    private mutating func store(_ buffer: UnsafeRawBufferPointer) -> Range<Int> {
        let start = bytes.count
        bytes.append(contentsOf: buffer)
        return start..<bytes.count
    }
}

/// A consumed message, byte for byte.
struct OriginalMessage: Sendable {
    var topic: String
    var partition: Int32
    var offset: Int64
    var key: [UInt8]?
    var value: [UInt8]?
    var headers: [(name: [UInt8], value: [UInt8]?)]

    var topicPartition: TopicPartition { TopicPartition(topic: topic, partition: partition) }
    var size: Int { (key?.count ?? 0) + (value?.count ?? 0) }
}
