import BlockingExecutor
import KafkaClient
import Observability
import Testing
import TrustlogTestKit

/// A message as a test looks at it.
struct TopicRecord: Sendable {
    var partition: Int32
    var offset: Int64
    var key: [UInt8]?
    var value: [UInt8]?
    var headers: [(name: String, value: [UInt8]?)] = []

    init(_ message: borrowing ConsumedMessage) {
        partition = message.partition
        offset = message.offset
        key = message.key.map { Array($0) }
        value = message.value.map { Array($0) }
        var headers: [(name: String, value: [UInt8]?)] = []
        message.forEachHeader { name, value in
            headers.append((String(decoding: name, as: UTF8.self), value.map { Array($0) }))
        }
        self.headers = headers
    }

    /// The last header of that name, as text.
    func header(_ name: String) -> String? {
        headers.last { $0.name == name }?.value.map { String(decoding: $0, as: UTF8.self) }
    }
}

/// Reads a whole topic, with headers, in a group of its own.
actor TopicTail {
    private let consumer: KafkaConsumer
    private(set) var records: [TopicRecord] = []
    private var isStarted = false

    nonisolated var unownedExecutor: UnownedSerialExecutor { consumer.executor.asUnownedSerialExecutor() }

    init(_ servers: String, group: String? = nil) throws {
        consumer = try KafkaConsumer(
            configuration: KafkaConfiguration(bootstrapServers: servers),
            group: group ?? "tail-\(UInt64.random(in: 0 ... .max))",
            instanceID: nil, sessionTimeout: .seconds(6), logger: CapturingLogHandler().logger(), onRebalance: { _ in })
    }

    func subscribe(_ topic: String) throws { try consumer.subscribe(to: [topic]) }

    func poll() throws {
        if !isStarted, !consumer.assignedPartitions.isEmpty {
            try consumer.start(consumer.assignedPartitions.map { PartitionOffset($0, offset: nil) })
            isStarted = true
        }
        _ = try consumer.consume(maxMessages: 10_000, maxBytes: 1 << 26, timeout: .milliseconds(100)) { message in
            records.append(TopicRecord(message))
        } onError: { _ in
        }
    }

    /// What its group committed. It need not be a member.
    func committed(_ partition: TopicPartition) throws -> PartitionOffset? {
        try consumer.committed([partition], timeout: .seconds(10)).first
    }

    func commit(_ offset: PartitionOffset) throws {
        try consumer.commit([offset], synchronously: true, timeout: .seconds(10))
    }

    func close() { consumer.close(deadline: .seconds(2)) }
}

/// Reads a topic until `isEnough` holds; fails after half a minute.
func read(
    _ topic: String, of servers: String, until isEnough: ([TopicRecord]) -> Bool
) async throws -> [TopicRecord] {
    let tail = try TopicTail(servers)
    try await tail.subscribe(topic)
    try await eventually("the messages are in \(topic)") {
        try await tail.poll()
        return isEnough(await tail.records)
    }
    let records = await tail.records
    await tail.close()
    return records
}

/// Puts messages into a topic, in order.
struct TopicFeeder: Sendable {
    let producer: KafkaProducer

    init(_ servers: String) throws {
        producer = try KafkaProducer(
            configuration: KafkaConfiguration(bootstrapServers: servers), logger: CapturingLogHandler().logger())
    }

    func send(
        _ values: [[UInt8]?], to topic: String = "operations", partition: Int32 = 0, key: [UInt8]? = nil,
        headers: [(name: String, value: String?)] = []
    ) async {
        let batch = producer.batch(count: values.count)
        var list = HeaderList()
        for header in headers { list.append(header.name, header.value) }
        for (index, value) in values.enumerated() {
            let error = withOptional(key) { key in
                withOptional(value) { value in
                    producer.produce(
                        topic: topic, partition: partition, key: key, value: value, headers: list, batch: batch,
                        index: index)
                }
            }
            if error != nil { return }
        }
        _ = await batch.results()
    }

    func close() async { await producer.close(deadline: .seconds(5)) }
}

private func withOptional<R>(_ bytes: [UInt8]?, _ body: (UnsafeRawBufferPointer?) -> R) -> R {
    guard let bytes else { return body(nil) }
    return bytes.withUnsafeBytes { body($0) }
}
