import BlockingExecutor
import KafkaClient
import Observability
import OperationStore
import Synchronization

/// Keeps one member of the consumer group alive: makes the consumer, and another one after an error that ended it.
final class IngestSupervisor: Sendable {
    private struct Current: Sendable {
        var ingest: Ingest
        var writer: any BatchWriter
        var inbox: ConditionLock<IngestInbox>
    }

    /// Makes what takes the batches of a member.
    typealias WriterFactory =
        @Sendable (_ inbox: ConditionLock<IngestInbox>, _ wakeConsumer: @escaping @Sendable () -> Void)
        -> any BatchWriter

    private let configuration: ServiceConfiguration
    private let store: (any OperationStore)?
    private let state: ServiceState
    private let metrics: TrustlogMetrics
    private let clock: any ServiceClock
    private let logger: Logger
    private let heartbeat: @Sendable () -> Void
    private let makeWriter: WriterFactory
    private let current = Mutex<Current?>(nil)
    private let stopping = Atomic(false)
    private let wakeup = Wakeup()

    /// One that persists what it consumes.
    convenience init(
        configuration: ServiceConfiguration, store: any OperationStore, state: ServiceState, metrics: TrustlogMetrics,
        clock: any ServiceClock, logger: Logger, heartbeat: @escaping @Sendable () -> Void,
        onPersisted: @escaping @Sendable () -> Void
    ) {
        self.init(
            configuration: configuration, store: store, state: state, metrics: metrics, clock: clock, logger: logger,
            heartbeat: heartbeat
        ) { inbox, wakeConsumer in
            let deadLetters = DeadLetterPublisher(
                topic: configuration.input.deadLetterTopic, configuration: configuration.producer, logger: logger,
                metrics: metrics)
            return IngestWriter(
                store: store, group: configuration.input.group,
                initialStatus: configuration.strategy == .databaseOnly ? .notRequired : .waiting,
                deadLetters: deadLetters, inbox: inbox, wakeConsumer: wakeConsumer, onPersisted: onPersisted,
                state: state, metrics: metrics, clock: clock, logger: logger, heartbeat: heartbeat)
        }
    }

    /// - Parameter store: what knows where partitions begin besides the group; `nil` where there is no database.
    init(
        configuration: ServiceConfiguration, store: (any OperationStore)?, state: ServiceState,
        metrics: TrustlogMetrics, clock: any ServiceClock, logger: Logger, heartbeat: @escaping @Sendable () -> Void,
        makeWriter: @escaping WriterFactory
    ) {
        self.configuration = configuration
        self.store = store
        self.state = state
        self.metrics = metrics
        self.clock = clock
        self.logger = logger
        self.heartbeat = heartbeat
        self.makeWriter = makeWriter
    }

    /// Messages beyond what may be committed, by partition, as far as this member knows.
    var lag: [(TopicPartition, Int64)] { current.withLock { $0 }?.ingest.consumer.lag() ?? [] }

    var assignedPartitionCount: Int { current.withLock { $0 }?.ingest.consumer.assignedPartitions.count ?? 0 }

    /// Whether the member has a connection to a broker; `nil` while that is not known, or there is no member.
    var isAnyBrokerUp: Bool? { current.withLock { $0 }?.ingest.consumer.isAnyBrokerUp }

    var lastBrokerError: KafkaError? { current.withLock { $0 }?.ingest.consumer.lastError }

    func run() async {
        var pauses = Backoff(initial: .seconds(1), limit: .seconds(30))
        while !stopping.load(ordering: .acquiring) {
            do {
                try await consume()
            } catch {
                logger.error("the consumer ended and is made anew: \(error)")
                state.recordError("the consumer ended: \(error)")
                await wakeup.wait(timeout: pauses.next(), clock: clock)
            }
        }
    }

    /// Ends ``run()``: what is in hand is finished, committed, and the group left.
    func stop() {
        stopping.store(true, ordering: .releasing)
        wakeup.notify()
        guard let current = current.withLock({ $0 }) else { return }
        current.inbox.signal { $0.isStopping = true }
        current.writer.interrupt()
        current.ingest.consumer.wake()
    }

    private func consume() async throws(KafkaError) {
        let inbox = ConditionLock(IngestInbox())
        let consumer = try KafkaConsumer(
            configuration: configuration.consumer, group: configuration.input.group,
            instanceID: configuration.instanceID, sessionTimeout: configuration.input.sessionTimeout, logger: logger,
            onRebalance: { [weak self] event in self?.current.withLock { $0 }?.ingest.handle(event) },
            onCommit: { [weak self] offsets, error in
                self?.current.withLock { $0 }?.ingest.handleCommit(offsets, error)
            })
        let writer = makeWriter(inbox) { [weak consumer] in consumer?.wake() }
        let ingest = Ingest(
            consumer: consumer, configuration: configuration, store: store, writer: writer, inbox: inbox, state: state,
            metrics: metrics, clock: clock, logger: logger, heartbeat: heartbeat)
        current.withLock { $0 = Current(ingest: ingest, writer: writer, inbox: inbox) }
        // A stop that came before `current` was set has not reached the inbox.
        if stopping.load(ordering: .acquiring) { inbox.signal { $0.isStopping = true } }

        let writing = Task { await writer.run() }
        let outcome: Result<Void, KafkaError>
        do {
            try await ingest.run(shutdownTimeout: configuration.shutdownTimeout)
            outcome = .success(())
        } catch {
            outcome = .failure(error)
        }
        current.withLock { $0 = nil }
        inbox.signal { $0.isStopping = true }
        await writer.close(deadline: configuration.shutdownTimeout / 8)
        await writing.value
        state.clearWaiting()
        try outcome.get()
    }
}
