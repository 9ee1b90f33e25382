package import KafkaClient
package import Observability
package import OperationStore
import Synchronization
package import TrustlogCore

/// The whole service: what `trustlog run` runs until it is told to stop.
///
/// Whatever is away when it starts is waited for; it ends only by ``shutdown()``.
package final class Sidecar: Sendable {
    package let state = ServiceState()
    private let configuration: ServiceConfiguration
    private let store: (any OperationStore)?
    private let encoder: EnvelopeEncoder?
    private let metrics: TrustlogMetrics
    private let clock: any ServiceClock
    private let logger: Logger
    private let repeated: LogLimiter
    /// Of all the loops.
    private let heartbeats: [@Sendable () -> Void]
    private let startup: StartupBroker
    private let news = Mutex<@Sendable () -> Void>({})

    private let ingest: IngestSupervisor
    private let publishing: Publishing?
    /// Of the transactions of `trustlog-only`.
    private let directBreaker: CircuitBreaker?
    private let stopping = Atomic(false)
    private let databasePrepared = Atomic(false)
    private let stop = Wakeup()
    /// Rows were persisted here; see ``announce()``.
    private let persisted = Wakeup()
    private let hasEnded = Atomic(false)
    /// Ends the pause between two attempts to make topics: a wake-up has one waiter.
    private let topicsWakeup = Wakeup()

    /// What exists only where something is published from the table.
    private struct Publishing: Sendable {
        var channel: OutboundChannel
        var publisher: RecordPublisher
        var recorder: OutcomeRecorder
        var workers: [CursorWorker]
        var retries: RetryWorker
    }

    /// - Parameters:
    ///   - store: `nil` under `trustlog-only`, which needs none.
    ///   - signers: at least one where the strategy publishes.
    ///   - owner: names this process in leases.
    /// - Throws: an error that names the property that librdkafka refuses.
    package init(
        configuration: ServiceConfiguration, store: (any OperationStore)?, signers: [any EnvelopeSigner],
        owner: String, metrics: TrustlogMetrics, clock: any ServiceClock = SystemServiceClock(), logger: Logger,
        heartbeats: @escaping HeartbeatFactory
    ) throws(KafkaError) {
        self.configuration = configuration
        self.store = store
        self.metrics = metrics
        self.clock = clock
        self.logger = logger
        repeated = LogLimiter(logger: logger)
        var beats: [@Sendable () -> Void] = []
        let heartbeats = { (loop: String, deadline: Duration) -> @Sendable () -> Void in
            let beat = heartbeats(loop, deadline)
            beats.append(beat)
            return beat
        }
        startup = StartupBroker(configuration: configuration.consumer, clock: clock, logger: logger)
        encoder = signers.isEmpty ? nil : EnvelopeEncoder(signers: signers)
        guard let store else {
            publishing = nil
            let breaker = Self.makeBreaker(metrics, clock, state, logger)
            directBreaker = breaker
            ingest = try .direct(
                configuration, encoder: encoder ?? EnvelopeEncoder(signers: []), breaker: breaker, state: state,
                metrics: metrics, clock: clock, logger: logger, heartbeat: heartbeats("ingest", .seconds(60)))
            self.heartbeats = beats
            return
        }
        directBreaker = nil
        let publishing = try Self.makePublishing(
            configuration, store, encoder, owner, metrics, clock, state, logger, heartbeats)
        self.publishing = publishing
        ingest = IngestSupervisor(
            configuration: configuration, store: store, state: state, metrics: metrics, clock: clock,
            logger: logger.labelled("ingest"), heartbeat: heartbeats("ingest", .seconds(60)),
            onPersisted: { [persisted] in
                for worker in publishing?.workers ?? [] { worker.notify() }
                persisted.notify()
            })
        self.heartbeats = beats
    }

    private static func makeBreaker(
        _ metrics: TrustlogMetrics, _ clock: any ServiceClock, _ state: ServiceState, _ logger: Logger
    ) -> CircuitBreaker {
        CircuitBreaker(clock: clock, logger: logger.labelled("publisher")) { isOpen, reason in
            metrics.circuitOpen.record(isOpen ? 1 : 0)
            if let reason { state.recordError(reason) }
        }
    }

    private static func makePublishing(
        _ configuration: ServiceConfiguration, _ store: any OperationStore, _ encoder: EnvelopeEncoder?,
        _ owner: String, _ metrics: TrustlogMetrics, _ clock: any ServiceClock, _ state: ServiceState,
        _ logger: Logger, _ heartbeats: (_ loop: String, _ deadline: Duration) -> @Sendable () -> Void
    ) throws(KafkaError) -> Publishing? {
        guard configuration.strategy == .databaseAndTrustlog, let encoder else { return nil }
        let channel = try OutboundChannel(configuration: configuration.producer, logger: logger.labelled("producer"))
        let breaker = makeBreaker(metrics, clock, state, logger)
        let publisher = try RecordPublisher(
            channel: channel, output: configuration.output, encoder: encoder, laneCount: ProcessorCount.online,
            breaker: breaker, metrics: metrics)
        let policy = RetryPolicy(
            maxCount: configuration.retry.maxCount, initialBackoff: configuration.retry.initialBackoff,
            multiplier: configuration.retry.multiplier)
        let recorder = OutcomeRecorder(
            store: store, policy: policy, path: .cursor, metrics: metrics, state: state, clock: clock,
            logger: logger.labelled("recorder"))
        let workers = (0..<configuration.cursor.count).map { index in
            CursorWorker(
                index: index, owner: owner, configuration: configuration, store: store, publisher: publisher,
                recorder: recorder, clock: clock, state: state, logger: logger.labelled("cursor-worker"),
                heartbeat: heartbeats(index == 0 ? "cursor-worker" : "cursor-worker-\(index)", .seconds(60)))
        }
        let retries = RetryWorker(
            configuration: configuration.retry, store: store, publisher: publisher, policy: policy, clock: clock,
            state: state, metrics: metrics, logger: logger.labelled("retry-worker"),
            heartbeat: heartbeats("retry-worker", .seconds(60)))
        return Publishing(
            channel: channel, publisher: publisher, recorder: recorder, workers: workers, retries: retries)
    }

    // MARK: Running

    /// Runs until ``shutdown()`` was called and everything in hand is finished or given back. The store stays open, unless
    /// the time was over: what waits for a database that does not answer is cut off then.
    package func run() async {
        async let limits: Void? = publishing?.channel.learnLimits(of: [configuration.output.topic])
        guard await prepareDatabase() else { return hasEnded.store(true, ordering: .releasing) }
        _ = await limits
        // The workers wait for their topics by themselves, and need not wait for the right to make what is there already.
        let creating = Task { await createTopics() }
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.ingest.run() }
            if let publishing {
                for worker in publishing.workers {
                    group.addTask { await worker.run() }
                }
                group.addTask { await publishing.retries.run() }
            }
            for beat in heartbeats { beat() }
            tellNews()
            let listening = Task { await self.listen() }
            Task { await self.announce() }
            await waitForStop()
            await stopWorkers(&group)
            listening.cancel()
            hasEnded.store(true, ordering: .releasing)
            persisted.notify()
            await creating.value
        }
        logger.notice("stopped")
    }

    /// Ends ``run()``. May be called from any thread, at any time.
    package func shutdown() {
        guard !stopping.exchange(true, ordering: .acquiringAndReleasing) else { return }
        stop.notify()
        topicsWakeup.notify()
        guard let store else { return }
        Task {
            await clock.sleep(until: clock.now + configuration.shutdownTimeout * 7 / 8)
            guard !hasEnded.load(ordering: .acquiring) else { return }
            logger.warning("the database does not answer: what waits for it is given up")
            await store.close()
        }
    }

    private var isStopping: Bool { stopping.load(ordering: .acquiring) }

    private func waitForStop() async {
        while !isStopping {
            await stop.wait(timeout: .seconds(3_600), clock: clock)
        }
    }

    /// Rows that others announce are looked for at once.
    private func listen() async {
        guard let publishing, let store else { return }
        for await _ in store.announcements() {
            for worker in publishing.workers { worker.notify() }
        }
    }

    /// Rows that were consumed here and are another process's to publish: it is told, where the database can do so. By
    /// itself it would find them at its next scan.
    private func announce() async {
        guard let publishing, let store else { return }
        while true {
            await persisted.wait(timeout: .seconds(3_600), clock: clock)
            if hasEnded.load(ordering: .acquiring) { return }
            if publishing.workers.contains(where: { !$0.ownsCursor }) { try? await store.announce() }
        }
    }

    /// Consumption ends first; then what is in flight is acknowledged and recorded, and leases are given back. What the
    /// time does not allow is given up: it is published again by the next owner.
    private func stopWorkers(_ group: inout TaskGroup<Void>) async {
        let deadline = clock.now + configuration.shutdownTimeout
        logger.notice("stopping: finishing what is in hand")
        ingest.stop()
        if let publishing {
            let alarm = Task { [clock, configuration] in
                await clock.sleep(until: deadline - configuration.shutdownTimeout / 4)
                guard !Task.isCancelled else { return }
                await publishing.recorder.giveUp()
                await publishing.channel.close(deadline: .zero)
            }
            for worker in publishing.workers { await worker.stop() }
            await publishing.retries.stop()
            await group.waitForAll()
            alarm.cancel()
            await publishing.channel.close(deadline: max(.zero, deadline - clock.now))
        } else {
            await group.waitForAll()
        }
    }

    // MARK: Preparing

    /// Waits for the database and brings its schema up to date; false when the program is stopped before.
    private func prepareDatabase() async -> Bool {
        guard let store else { return true }
        // The loops wait here, and that is no hang, however long a migration takes.
        let waiting = Task { [clock, heartbeats] in
            while !Task.isCancelled {
                for beat in heartbeats { beat() }
                await clock.sleep(until: clock.now + .seconds(5))
            }
        }
        defer {
            waiting.cancel()
            startup.stop()
        }
        var pauses = Backoff(initial: .milliseconds(250), limit: .seconds(15))
        while !isStopping {
            do throws(StoreError) {
                if configuration.migratesDatabase { try await store.migrate() }
                if try await store.schemaState() == nil {
                    throw StoreError(
                        .schema, "the database has no schema: run `trustlog migrate`, or set database.migrate to true")
                }
                state.setReachable(.database, problem: nil)
                databasePrepared.store(true, ordering: .releasing)
                repeated.recovered(key: "database", "the database is ready")
                return true
            } catch {
                state.setReachable(.database, problem: error.description)
                repeated.log(level: .error, key: "database", "the database is not ready: \(error)")
                startup.watch { [weak self] in self?.tellNews() }
                await stop.wait(timeout: pauses.next(), clock: clock)
            }
        }
        return false
    }

    private func createTopics() async {
        guard configuration.createsTopics else { return }
        var topics = [configuration.input.topic, configuration.input.deadLetterTopic]
        if configuration.strategy != .databaseOnly { topics.append(configuration.output.topic) }
        let wanted = topics.map { NewTopic(name: $0, partitions: -1) }
        var pauses = Backoff(initial: .seconds(1), limit: .seconds(15))
        while !isStopping {
            do throws(KafkaError) {
                let admin = try KafkaAdmin(configuration: configuration.producer, logger: logger)
                let outcomes = try await admin.createTopics(wanted)
                await admin.close()
                for case .failed(let error) in outcomes.map(\.outcome) { throw error }
                repeated.recovered(key: "topics", "the topics are there")
                return
            } catch {
                state.recordError("topics could not be created: \(error)")
                repeated.log(level: .error, key: "topics", "topics could not be created yet: \(error)")
                await topicsWakeup.wait(timeout: pauses.next(), clock: clock)
            }
        }
    }

    // MARK: Watching

    /// Whether the schema is there and fit.
    package var isDatabasePrepared: Bool { databasePrepared.load(ordering: .acquiring) }

    /// What status and metrics tell of the running process.
    package var lag: [(TopicPartition, Int64)] { ingest.lag }

    /// How many partitions the group has given to this process.
    package var assignedPartitionCount: Int { ingest.assignedPartitionCount }

    package var breaker: (phase: CircuitBreakerState.Phase, reason: String?) {
        (publishing?.publisher.breaker ?? directBreaker)?.snapshot ?? (.closed, nil)
    }

    /// Calls `body` when the workers begin their work, and when it is known whether a broker answers while they cannot.
    package func onNews(_ body: @escaping @Sendable () -> Void) {
        news.withLock { $0 = body }
    }

    private func tellNews() {
        let body = news.withLock { $0 }
        body()
    }

    /// Whether it is known if any broker answers.
    package var isBrokerKnown: Bool { ingest.isAnyBrokerUp != nil || startup.isKnown }

    /// Why no broker answers, if none does; `nil` also while nothing is known.
    package var brokerProblem: String? {
        guard let isUp = ingest.isAnyBrokerUp else { return startup.problem }
        guard !isUp else { return nil }
        return "no broker answers" + (ingest.lastBrokerError.map { ": \($0)" } ?? "")
    }
}
