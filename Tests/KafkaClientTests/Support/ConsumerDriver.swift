import BlockingExecutor
import KafkaClient
import Observability
import Synchronization

/// A message as a test looks at it.
struct Record: Equatable, Sendable {
    struct Header: Equatable, Sendable {
        var name: String
        var value: [UInt8]?
    }

    var topic: String
    var partition: Int32
    var offset: Int64
    var key: [UInt8]?
    var value: [UInt8]?
    var headers: [Header]

    init(_ message: borrowing ConsumedMessage) {
        topic = message.topic
        partition = message.partition
        offset = message.offset
        key = message.key.map { Array($0) }
        value = message.value.map { Array($0) }
        var headers: [Header] = []
        message.forEachHeader { name, value in
            headers.append(Header(name: String(decoding: name, as: UTF8.self), value: value.map { Array($0) }))
        }
        self.headers = headers
    }

    var text: String? { value.map { String(decoding: $0, as: UTF8.self) } }
}

/// What a consumer's handlers told, in order.
final class ConsumerJournal: Sendable {
    enum Entry: Equatable, Sendable {
        case rebalance(KafkaConsumer.RebalanceEvent)
        case committed([PartitionOffset], KafkaError?)
    }

    private let entries = Mutex<[Entry]>([])
    private let hook = Mutex<(@Sendable (KafkaConsumer.RebalanceEvent) -> Void)?>(nil)

    var all: [Entry] { entries.withLock { $0 } }

    var rebalances: [KafkaConsumer.RebalanceEvent] {
        all.compactMap { if case .rebalance(let event) = $0 { event } else { nil } }
    }

    func onRebalance(_ body: @escaping @Sendable (KafkaConsumer.RebalanceEvent) -> Void) {
        hook.withLock { $0 = body }
    }

    func add(_ entry: Entry) {
        entries.withLock { $0.append(entry) }
        if case .rebalance(let event) = entry, let hook = hook.withLock({ $0 }) {
            hook(event)
        }
    }
}

/// Runs a consumer on its thread, as the service does.
actor ConsumerDriver {
    nonisolated let consumer: KafkaConsumer
    nonisolated let journal: ConsumerJournal
    /// How many polls have begun.
    nonisolated let polls = Mutex(0)
    private(set) var notes = 0
    private(set) var records: [Record] = []
    private(set) var errors: [KafkaConsumer.PartitionError] = []

    nonisolated var unownedExecutor: UnownedSerialExecutor { consumer.executor.asUnownedSerialExecutor() }

    init(
        _ servers: String, group: String, instanceID: String? = nil, properties: [String: String] = [:],
        sessionTimeout: Duration = .seconds(6), logger: Logger = .discarding
    ) throws {
        let journal = ConsumerJournal()
        self.journal = journal
        consumer = try KafkaConsumer(
            configuration: KafkaConfiguration(bootstrapServers: servers, properties: properties), group: group,
            instanceID: instanceID, sessionTimeout: sessionTimeout, logger: logger,
            onRebalance: { journal.add(.rebalance($0)) },
            onCommit: { journal.add(.committed($0, $1)) })
    }

    /// A job that does next to nothing.
    func note() {
        notes += 1
    }

    func perform<R: Sendable>(_ body: @Sendable (KafkaConsumer) throws -> R) rethrows -> R {
        try body(consumer)
    }

    /// One turn of the loop; returns the number of messages.
    @discardableResult
    func poll(_ timeout: Duration = .milliseconds(200), maxMessages: Int = 1000) throws -> Int {
        polls.withLock { $0 += 1 }
        return try consumer.consume(maxMessages: maxMessages, maxBytes: 1 << 20, timeout: timeout) { message in
            records.append(Record(message))
        } onError: {
            errors.append($0)
        }
    }

    /// Polls until `condition` holds; returns whether it came to hold within `limit`.
    @discardableResult
    func poll(
        limit: Duration = .seconds(120), until condition: @Sendable (isolated ConsumerDriver) throws -> Bool
    ) async throws -> Bool {
        let deadline = ContinuousClock.now + limit
        while try !condition(self) {
            if ContinuousClock.now > deadline { return false }
            try poll()
            await Task.yield()
        }
        return true
    }

    /// Joins the group and waits for partitions.
    func join(_ topics: [String]) async throws {
        try consumer.subscribe(to: topics)
        try await poll { !$0.consumer.assignedPartitions.isEmpty }
    }

    func startAll() throws {
        try consumer.start(consumer.assignedPartitions.map { PartitionOffset($0, offset: nil) })
    }

    func close() {
        consumer.close(deadline: .seconds(5))
    }
}

extension Logger {
    static var discarding: Logger { Logger(label: "test", level: .critical, handler: DiscardingHandler()) }
}

struct DiscardingHandler: LogHandler {
    func log(level: Logger.Level, message: String, metadata: Logger.Metadata, label: String) {}
}

/// Keeps what was logged.
final class RecordingHandler: LogHandler {
    private let lines = Mutex<[String]>([])

    var messages: [String] { lines.withLock { $0 } }

    func log(level: Logger.Level, message: String, metadata: Logger.Metadata, label: String) {
        lines.withLock { $0.append("\(level.rawValue) \(message) \(metadata)") }
    }
}
