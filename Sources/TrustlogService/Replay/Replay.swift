package import KafkaClient
package import Observability
package import OperationStore
package import TrustlogCore

/// Publishes a range of rows again, whatever their status, and changes none of them.
///
/// It uses the very publisher of the cursor workers, with several pages in flight; its position in `trustlog_cursor` only
/// moves past what was acknowledged, so that whatever interrupts it, the same command goes on there. Outages of broker or
/// database are waited for.
package actor Replay {
    /// How it ended.
    package struct Result: Sendable {
        /// Acknowledged by this process, in order.
        package var published: Int
        package var failed: Int
        /// `false`: it was stopped; its cursor is still there.
        package var isFinished: Bool
        /// The last row that is settled.
        package var position: Int64
    }

    /// A row that could not be published, for a reason of its own.
    package struct Failure: Sendable {
        package var seq: Int64
        package var opId: String?
        package var reason: String
    }

    /// What it tells while it runs; called from one task.
    package protocol Observer: Sendable {
        /// Another process holds the lease; it is waited for.
        func waits(for holder: CursorRow)
        func begins(_ plan: ReplayPlan)
        /// At least once a second.
        func progressed(published: Int)
        func failed(_ failure: Failure)
    }

    private let request: ReplayRequest
    private let configuration: ServiceConfiguration
    private let store: any OperationStore
    private let channel: OutboundChannel
    private let publisher: RecordPublisher
    private let metrics: TrustlogMetrics
    private let clock: any ServiceClock
    private let logger: Logger
    private let observer: any Observer
    private let wakeup = Wakeup()

    private var lease: ReplayLease
    private var window = ReplayWindow(0...0)
    private var pace: ReplayPace
    private var failed = 0
    private var isStopping = false
    private var lastAnswer: Duration
    private var pauses = Backoff()
    private var readAgainAt = Duration.zero
    private var saveAt = Duration.zero

    private static let pageLimit = 1_000
    private static let pageByteLimit = 4 << 20
    private static let bytesInFlightLimit = 64 << 20
    private static let saveInterval = Duration.seconds(1)
    private static let stallAfter = Duration.seconds(5)

    /// - Parameters:
    ///   - owner: names this process in the lease.
    ///   - rate: records a second at most, above 0.
    /// - Throws: an error of librdkafka where it refuses a property or the topic's name.
    package init(
        _ request: ReplayRequest, configuration: ServiceConfiguration, store: any OperationStore,
        signers: [any EnvelopeSigner], owner: String, rate: Double?, metrics: TrustlogMetrics,
        clock: any ServiceClock = SystemServiceClock(), logger: Logger, observer: any Observer
    ) throws(KafkaError) {
        self.request = request
        self.configuration = configuration
        self.store = store
        self.metrics = metrics
        self.clock = clock
        self.logger = logger
        self.observer = observer
        pace = ReplayPace(rate: rate)
        lastAnswer = clock.now
        lease = ReplayLease(
            key: request.key, owner: owner, length: configuration.cursor.lease, store: store, clock: clock)
        // Whoever reads that publishing waits has to read when it goes on.
        var breakerLogger = logger.labelled("replay")
        if breakerLogger.logLevel <= .error { breakerLogger.logLevel = min(breakerLogger.logLevel, .notice) }
        channel = try OutboundChannel(configuration: configuration.producer, logger: logger.labelled("producer"))
        publisher = try RecordPublisher(
            channel: channel, output: configuration.output, topic: request.topic,
            encoder: EnvelopeEncoder(signers: signers), laneCount: ProcessorCount.online,
            breaker: CircuitBreaker(clock: clock, logger: breakerLogger) { _, _ in }, metrics: metrics)
    }

    /// Ends ``run()`` in an orderly way: what is in flight is waited for, up to `shutdown.timeout`.
    package func stop() {
        guard !isStopping else { return }
        isStopping = true
        wakeup.notify()
        Task { [channel, clock, configuration] in
            await clock.sleep(until: clock.now + configuration.shutdownTimeout)
            await channel.close(deadline: .zero)
        }
    }

    /// Runs to the end of the range, or until ``stop()``. To be called once.
    package func run() async throws(ReplayError) -> Result {
        do throws(ReplayError) {
            let result = try await publishAll()
            await channel.close(deadline: .zero)
            return result
        } catch {
            await channel.close(deadline: .zero)
            throw error
        }
    }

    private func publishAll() async throws(ReplayError) -> Result {
        // Another command's is refused at once, and not after a wait for its lease.
        if let value = try await ReplayPlan.existing(request.key, store)?.value {
            _ = try ReplayPlan.cursor(of: request, value: value)
        }
        let value = try await takeLease()
        let plan: ReplayPlan
        do throws(ReplayError) {
            plan = try await ReplayPlan(request, value: value, store)
            if let cursor = plan.cursor { try await begin(cursor, isNew: value == nil) }
        } catch {
            // A cursor that was only made for the lease is no one's; another command's stays as it was.
            try? await (value == nil ? lease.finish() : lease.release())
            throw error
        }
        observer.begins(plan)
        if let rest = plan.cursor?.rest {
            window = ReplayWindow(rest)
            try await loop()
        }
        guard plan.cursor?.rest == nil || window.isFinished else { return try await leave() }
        try await persistently { () async throws(ReplayError) in
            // Not where another process has taken it over meanwhile.
            try await self.save()
            try await self.lease.finish()
        }
        return result(isFinished: true)
    }

    private func result(isFinished: Bool) -> Result {
        Result(published: window.published, failed: failed, isFinished: isFinished, position: window.position)
    }

    // MARK: Lease

    private func takeLease() async throws(ReplayError) -> String? {
        var lease = lease
        let observer = observer
        let value = try await lease.take { observer.waits(for: $0) }
        self.lease = lease
        return value
    }

    private func begin(_ cursor: ReplayCursor, isNew: Bool) async throws(ReplayError) {
        var lease = lease
        try await lease.begin(cursor, isNew: isNew)
        self.lease = lease
    }

    private func save() async throws(ReplayError) {
        var lease = lease
        try await lease.save(window.position)
        self.lease = lease
    }

    /// Stopped: the position is written and the lease given back, if the database lets us; else it ends by itself.
    private func leave() async throws(ReplayError) -> Result {
        do throws(ReplayError) {
            try await save()
            try await lease.release()
        } catch {
            guard case .store(let problem) = error else { throw error }
            logger.error("the position could not be written; some records will be published again: \(problem)")
        }
        return result(isFinished: false)
    }

    // MARK: The loop

    private func loop() async throws(ReplayError) {
        saveAt = clock.now + Self.saveInterval
        while !window.isFinished && !(isStopping && window.isEmpty) {
            noticeStall()
            try await saveWhenDue()
            let next = isStopping ? nil : try await readOn()
            for failure in window.advance() { report(failure) }
            observer.progressed(published: window.published)
            if let next {
                await wakeup.wait(timeout: max(.zero, min(next, saveAt) - clock.now), clock: clock)
            } else if isStopping && !window.isEmpty {
                await wakeup.wait(timeout: .milliseconds(200), clock: clock)
            }
        }
        for failure in window.advance() { report(failure) }
    }

    private func report(_ failure: ReplayWindow.Failure) {
        failed += 1
        observer.failed(Failure(seq: failure.seq, opId: failure.opId, reason: failure.reason))
    }

    private func saveWhenDue() async throws(ReplayError) {
        guard clock.now >= saveAt else { return }
        do throws(ReplayError) {
            try await save()
            saveAt = clock.now + Self.saveInterval
        } catch {
            saveAt = clock.now + (try waiting(for: error))
        }
    }

    /// Reads and submits a page, if there is room; returns when to look again at the latest, `nil` for at once.
    private func readOn() async throws(ReplayError) -> Duration? {
        let later = clock.now + Self.saveInterval
        guard let range = window.readable, let limit = room() else {
            return readAgainAt > clock.now ? min(readAgainAt, later) : later
        }
        if let due = pace.due(now: clock.now) { return min(due, later) }
        guard clock.now >= readAgainAt else { return min(readAgainAt, later) }
        do throws(StoreError) {
            let rows = try await store.operations(
                in: range, limit: pace.pageLimit(limit), byteLimit: Self.pageByteLimit)
            pauses.reset()
            pace.read(rows.count, now: clock.now)
            submit(rows)
            return nil
        } catch {
            readAgainAt = clock.now + (try waiting(for: .store(error)))
            return min(readAgainAt, later)
        }
    }

    /// How many rows may be read now; `nil` if none, until something settles or the circuit's pause has passed.
    private func room() -> Int? {
        let limit = pace.inFlightLimit(configuration.cursor.maxInFlight)
        let free = min(limit - window.rowsInFlight, Self.pageLimit)
        guard free > 0, window.bytesInFlight < Self.bytesInFlightLimit else { return nil }
        if publisher.breaker.snapshot.phase != .closed && !window.isEmpty { return nil }
        switch publisher.breaker.permission() {
        case .proceed: return free
        case .probe: return min(free, configuration.cursor.batchSize)
        case .wait(let until):
            readAgainAt = until
            return nil
        }
    }

    private func submit(_ rows: [StoredRow]) {
        if window.isEmpty { lastAnswer = clock.now }
        var entries: [ReplayWindow.Entry] = []
        var records: [PublishableRecord] = []
        for row in rows {
            switch row.content {
            case .success(let stored):
                records.append(PublishableRecord(seq: row.seq, opId: row.opId ?? stored.operation.opId, stored: stored))
                entries.append(.init(seq: row.seq, opId: row.opId, outcome: .underWay))
            case .failure(let error):
                metrics.publishFailures[.unreadable].increment()
                let reason = "unreadable: the row cannot be read: \(error.message)"
                entries.append(.init(seq: row.seq, opId: row.opId, outcome: .failed(reason)))
            }
        }
        let page = window.add(entries, bytes: rows.reduce(0) { $0 + $1.textSize })
        guard !records.isEmpty else { return window.settle(page, []) }
        let submission = publisher.submit(records)
        Task { [self] in
            settle(page, await submission.outcomes())
        }
    }

    private func settle(_ page: Int, _ outcomes: [PublishOutcome]) {
        lastAnswer = clock.now
        metrics.recordsPublished[.replay].increment(
            by: outcomes.count { if case .acknowledged = $0 { true } else { false } })
        window.settle(page, outcomes.map(ReplayWindow.Outcome.init))
        // What follows in the queue must not overtake what has to be sent again.
        if window.isDraining && !isStopping { publisher.giveUpQueued() }
        wakeup.notify()
    }

    // MARK: Outages

    /// Nothing is acknowledged and no broker answers: what is in flight waits in the client, and the circuit says so.
    private func noticeStall() {
        guard !window.isEmpty, clock.now - lastAnswer > Self.stallAfter, let reason = publisher.unreachable else {
            return
        }
        publisher.stalled(reason: reason)
    }

    /// How long to pause before the next call of the database.
    ///
    /// - Throws: the error, where waiting does not help.
    private func waiting(for error: ReplayError) throws(ReplayError) -> Duration {
        guard case .store(let problem) = error, problem.kind == .unavailable else { throw error }
        logger.error("the replay waits for the database: \(problem)")
        return pauses.next()
    }

    private func persistently(_ body: () async throws(ReplayError) -> Void) async throws(ReplayError) {
        while true {
            do throws(ReplayError) {
                return try await body()
            } catch {
                if isStopping { throw error }
                let pause = try waiting(for: error)
                await wakeup.wait(timeout: pause, clock: clock)
            }
        }
    }
}

extension ReplayWindow.Outcome {
    fileprivate init(_ outcome: PublishOutcome) {
        self =
            switch outcome {
            case .acknowledged: .published
            case .refused(let refusal, let message): .failed("\(refusal.rawValue): \(message)")
            case .outage, .notSent: .unsent
            }
    }
}
