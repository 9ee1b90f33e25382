import Dispatch
import KafkaClient
import Observability
import Synchronization

/// What became of one transaction.
enum TransactionOutcome: Sendable {
    /// Records, dead letters and offsets are there together.
    case committed
    /// Nothing of it counts. The results of its messages (none where nothing was sent), and what else failed, if anything.
    case aborted([DeliveryResult], KafkaError?)
    /// The producer is of no further use, and whether the transaction was committed is not known: the group's offsets tell.
    case ended(KafkaError)
}

/// Runs transactions one after another, by one producer with a transactional id, and by another one of the same id after an
/// error that ended it: that resolves what the first left open.
actor TransactionSession {
    private let configuration: KafkaConfiguration
    private let topics: [String]
    private let transactionalID: String
    private let clock: any ServiceClock
    private let logger: Logger
    private let heartbeat: @Sendable () -> Void
    private let onTrouble: @Sendable (KafkaError) -> Void
    /// Messages are queued here, since that may block.
    private let lane = DispatchQueue(label: "trustlog.transactions")

    private struct Current: Sendable {
        var producer: KafkaProducer
        var isReady = false
    }

    /// Read by ``interrupt()`` from any thread.
    private let current = Mutex<Current?>(nil)
    private let closing = Atomic(false)

    /// In bytes; see ``mayBeTooLarge(_:)``.
    private var batchLimit = Int.max

    /// How long one call may block; those that can be repeated are. Short, so that an end need not wait for long.
    private static let callLimit = Duration.seconds(2)
    private static let offsetsLimit = Duration.seconds(5)
    /// An abort waits for the messages that are on their way, and for the coordinator: so many calls of it are no trouble.
    private static let quietAttempts = 2

    /// - Parameters:
    ///   - topics: those that messages go to: batches are kept below the smallest of their limits.
    ///   - onTrouble: is told what a call waits for that has to be repeated.
    init(
        configuration: KafkaConfiguration, topics: [String], transactionalID: String, clock: any ServiceClock,
        logger: Logger, heartbeat: @escaping @Sendable () -> Void, onTrouble: @escaping @Sendable (KafkaError) -> Void
    ) {
        self.configuration = Self.tuned(configuration)
        self.topics = topics
        self.transactionalID = transactionalID
        self.clock = clock
        self.logger = logger
        self.heartbeat = heartbeat
        self.onTrouble = onTrouble
    }

    /// Makes a producer, as a session does later, so that what cannot work is told at the start.
    /// - Throws: an error that names the property that librdkafka refuses.
    static func check(_ configuration: KafkaConfiguration, logger: Logger) throws(KafkaError) {
        _ = try KafkaProducer(configuration: tuned(configuration), logger: logger, transactionalID: "check")
    }

    /// A transaction that a killed process leaves open keeps readers and the next owner waiting until it times out: soon. And
    /// a dead letter has to fit whatever the input topic holds.
    private static func tuned(_ configuration: KafkaConfiguration) -> KafkaConfiguration {
        var tuned = configuration
        tuned.properties["message.max.bytes"] = "1000000000"
        if tuned.properties["transaction.timeout.ms"] == nil { tuned.properties["transaction.timeout.ms"] = "10000" }
        return tuned
    }

    // MARK: Transactions

    /// Produces, sends the offsets, and commits if everything was acknowledged; otherwise aborts.
    /// - Parameters:
    ///   - offsets: of the next messages to consume.
    ///   - produce: queues `count` messages; called on a queue where it may block.
    func run(
        count: Int, offsets: [PartitionOffset], group: ConsumerGroupMetadata,
        produce: @escaping @Sendable (KafkaProducer, DeliveryBatch) -> Void
    ) async -> TransactionOutcome {
        await transact(count, produce) { producer throws(KafkaError) in
            try await producer.sendOffsets(offsets, group: group, timeout: Self.offsetsLimit)
            return true
        }
    }

    /// Produces, to see what the broker says to it, and aborts in any case.
    func probe(
        count: Int, produce: @escaping @Sendable (KafkaProducer, DeliveryBatch) -> Void
    ) async -> TransactionOutcome {
        await transact(count, produce) { _ in false }
    }

    private func transact(
        _ count: Int, _ produce: @escaping @Sendable (KafkaProducer, DeliveryBatch) -> Void,
        mayCommit: (KafkaProducer) async throws(KafkaError) -> Bool
    ) async -> TransactionOutcome {
        let producer: KafkaProducer
        do {
            producer = try await ready()
        } catch {
            return error.isFatal ? end(error) : .aborted([], error)
        }
        do {
            try await producer.beginTransaction()
        } catch {
            return end(error)
        }
        let deliveries = producer.batch(count: count)
        await withCheckedContinuation { continuation in
            lane.async {
                produce(producer, deliveries)
                continuation.resume()
            }
        }
        do {
            let isWanted = try await mayCommit(producer)
            let isDelivered = await deliveries.isDelivered()
            guard isWanted && isDelivered else { return await abort(producer, deliveries, because: nil) }
        } catch {
            return await abort(producer, deliveries, because: error)
        }
        guard
            let error = await repeatedly({ () throws(KafkaError) in
                try await producer.commitTransaction(timeout: Self.callLimit)
            })
        else { return .committed }
        return error.requiresAbort ? await abort(producer, deliveries, because: error) : end(error)
    }

    private func abort(
        _ producer: KafkaProducer, _ deliveries: DeliveryBatch, because error: KafkaError?
    ) async -> TransactionOutcome {
        if let error, error.isFatal { return end(error) }
        let failure = await repeatedly { () throws(KafkaError) in
            try await producer.abortTransaction(timeout: Self.callLimit)
        }
        if let failure { return end(failure) }
        return .aborted(await deliveries.results(), error)
    }

    /// Calls until it succeeds; the error if another call would not help, or the program ends.
    private func repeatedly(_ call: () async throws(KafkaError) -> Void) async -> KafkaError? {
        var attempts = 0
        while true {
            heartbeat()
            do {
                try await call()
                return nil
            } catch {
                guard error.isRetriable, !error.requiresAbort, !isClosing else { return error }
                attempts += 1
                if attempts > Self.quietAttempts { onTrouble(error) }
                await clock.sleep(until: clock.now + .milliseconds(200))
            }
        }
    }

    // MARK: The producer

    /// Sees to it that there is a producer, and that what an earlier one left open is resolved.
    func prepare() async throws(KafkaError) {
        do {
            _ = try await ready()
        } catch {
            if error.isFatal { _ = end(error) }
            throw error
        }
    }

    /// Above this many bytes a message may be refused by a topic, as far as their limits are known.
    func largestSafeSize() async -> Int {
        _ = try? await producer()
        return batchLimit
    }

    private func ready() async throws(KafkaError) -> KafkaProducer {
        guard !isClosing else { throw KafkaError(code: KafkaError.clientClosed, message: "the program is stopping") }
        if let current = current.withLock({ $0 }), current.isReady { return current.producer }
        let producer = try await producer()
        heartbeat()
        try await producer.initTransactions(timeout: Self.callLimit)
        current.withLock { $0?.isReady = true }
        return producer
    }

    private func producer() async throws(KafkaError) -> KafkaProducer {
        if let current = current.withLock({ $0 }) { return current.producer }
        let limited = await configuration.limitingBatches(to: topics, timeout: .seconds(3), logger: logger)
        let producer = try KafkaProducer(configuration: limited, logger: logger, transactionalID: transactionalID)
        batchLimit = limited.properties["batch.size"].flatMap { Int($0) } ?? KafkaConfiguration.batchSize
        current.withLock { $0 = Current(producer: producer) }
        return producer
    }

    private func end(_ error: KafkaError) -> TransactionOutcome {
        let ended = current.withLock { current in
            defer { current = nil }
            return current?.producer
        }
        if let ended { Task { await ended.close(deadline: .zero) } }
        return .ended(error)
    }

    // MARK: Shutdown

    /// Whether nothing is to be waited for any more.
    nonisolated var isClosing: Bool { closing.load(ordering: .acquiring) }

    /// Gives up what is under way: it ends as aborted, or by the broker's time-out.
    nonisolated func interrupt() {
        closing.store(true, ordering: .releasing)
        current.withLock { $0 }?.producer.purge(inFlight: true)
    }

    func close(deadline: Duration) async {
        interrupt()
        let last = current.withLock { current in
            defer { current = nil }
            return current?.producer
        }
        await last?.close(deadline: deadline)
    }
}

extension DeliveryResult {
    var isDelivered: Bool {
        if case .delivered = self { true } else { false }
    }
}
