import Observability
import OperationStore
import TrustlogCore

/// Repeats what failed: claims due rows of `trustlog_retry`, publishes their operations through the very publisher that the
/// cursor workers use, and records the outcome where the claim still holds.
///
/// A claim only moves `next_retry_at` on: a process that dies with claims in hand costs no try, they are due again when the
/// claims have expired. A failed try is what belongs to the record; an outage gives the claims back and counts nothing.
actor RetryWorker {
    private let configuration: ServiceConfiguration.Retry
    private let store: any OperationStore
    private let publisher: RecordPublisher
    private let policy: RetryPolicy
    private let clock: any ServiceClock
    private let state: ServiceState
    private let metrics: TrustlogMetrics
    private let logger: Logger
    private let repeated: LogLimiter
    private let heartbeat: @Sendable () -> Void
    private let wakeup = Wakeup()
    private var isStopping = false
    private var pauses = Backoff()
    /// When to claim again, unless something is given back before.
    private var restsUntil = Duration.zero
    private var pagesInFlight = 0
    private var claimSize: ClaimSize

    /// Claims that are published and recorded side by side while the circuit is closed: while one waits for its
    /// acknowledgements, another is recorded, and a third is read.
    private static let pagesInFlightLimit = 8
    /// Longer than a page takes while brokers answer; when they do not, another replica may try the same rows, which repeats
    /// records and counts nothing twice.
    private static let claimLength = Duration.seconds(60)
    /// How long the loop may rest between two signs of life.
    private static let longestRest = Duration.seconds(10)

    init(
        configuration: ServiceConfiguration.Retry, store: any OperationStore, publisher: RecordPublisher,
        policy: RetryPolicy, clock: any ServiceClock, state: ServiceState, metrics: TrustlogMetrics, logger: Logger,
        heartbeat: @escaping @Sendable () -> Void
    ) {
        self.configuration = configuration
        self.store = store
        self.publisher = publisher
        self.policy = policy
        self.clock = clock
        self.state = state
        self.metrics = metrics
        self.logger = logger
        repeated = LogLimiter(logger: logger)
        self.heartbeat = heartbeat
        claimSize = ClaimSize(batch: configuration.batchSize)
    }

    /// Ends ``run()`` when what is in flight has settled.
    func stop() {
        isStopping = true
        wakeup.notify()
    }

    func run() async {
        while !(isStopping && pagesInFlight == 0) {
            heartbeat()
            let next: Duration
            if isStopping {
                next = clock.now + Self.longestRest
            } else if let later = await claimMore() {
                next = later
            } else {
                continue
            }
            await wakeup.wait(timeout: min(max(.zero, next - clock.now), Self.longestRest), clock: clock)
        }
    }

    /// Claims what is due, if there is room for it; returns when to look again at the latest, `nil` for at once.
    private func claimMore() async -> Duration? {
        guard clock.now >= restsUntil else { return restsUntil }
        let limit: Int
        switch permission() {
        case .proceed: limit = claimSize.rows
        case .probe: limit = configuration.batchSize
        case .wait(let until): return until
        }
        do throws(StoreError) {
            let claims = try await store.claimRetries(limit: limit, lease: Self.claimLength)
            pauses.reset()
            repeated.recovered(key: "database", "the retry worker goes on: the database answers")
            guard !claims.isEmpty else {
                restsUntil = clock.now + configuration.interval
                return restsUntil
            }
            claimSize.saw(rows: claims.count, bytes: claims.reduce(0) { $0 + ($1.row?.textSize ?? 0) })
            pagesInFlight += 1
            serve(claims)
            return nil
        } catch {
            waitForDatabase(error)
            return restsUntil
        }
    }

    /// Whether another page may be claimed; until something settles, or the circuit's pause has passed.
    private func permission() -> CircuitBreakerState.Permission {
        let isClosed = publisher.breaker.snapshot.phase == .closed
        guard pagesInFlight < (isClosed ? Self.pagesInFlightLimit : 1) else {
            return .wait(until: clock.now + Self.longestRest)
        }
        return publisher.breaker.permission()
    }

    private func waitForDatabase(_ error: StoreError) {
        state.setReachable(.database, problem: "\(error)")
        repeated.log(level: .error, key: "database", "the retry worker waits for the database: \(error)")
        restsUntil = clock.now + pauses.next()
    }

    // MARK: One page of claims

    private func serve(_ claims: [RetryClaim]) {
        var obsolete: [RetryClaim] = []
        var failures: [RetryFailure] = []
        var claimed: [RetryClaim] = []
        var records: [PublishableRecord] = []
        for claim in claims {
            if claim.isTrustlogged {
                obsolete.append(claim)
                continue
            }
            switch claim.row?.content {
            case .success(let stored):
                claimed.append(claim)
                records.append(PublishableRecord(seq: claim.row?.seq ?? 0, opId: claim.opId, stored: stored))
            case .failure(let error):
                failures.append(failure(claim, .unreadable, "the row cannot be read: \(error.message)"))
            case nil:
                failures.append(failure(claim, .unreadable, "no operation has this opId"))
            }
        }
        let submission = records.isEmpty ? nil : publisher.submit(records)
        Task { [self, obsolete, failures, claimed] in
            let outcomes = await submission?.outcomes() ?? []
            await record(outcomes, of: claimed, obsolete, failures)
        }
    }

    private func record(
        _ outcomes: [PublishOutcome], of claims: [RetryClaim], _ obsolete: [RetryClaim], _ unreadable: [RetryFailure]
    ) async {
        var failures = unreadable
        var successes: [RetrySuccess] = []
        var released: [RetryClaim] = []
        for (claim, outcome) in zip(claims, outcomes) {
            switch outcome {
            case .acknowledged(let partition, let offset):
                let acknowledgement = Acknowledgement(seq: claim.row?.seq ?? 0, partition: partition, offset: offset)
                successes.append(RetrySuccess(claim: claim, acknowledgement: acknowledgement))
            case .refused(let refusal, let message): failures.append(failure(claim, refusal, message))
            case .outage, .notSent: released.append(claim)
            }
        }
        metrics.recordsPublished[.retry].increment(by: successes.count)
        do throws(StoreError) {
            if !successes.isEmpty { try await store.recordRetrySucceeded(successes) }
            if !obsolete.isEmpty { try await store.recordRetryObsolete(obsolete) }
            if !failures.isEmpty { try await store.recordRetryFailed(failures) }
            if !released.isEmpty {
                try await store.releaseRetries(released)
                // They are due at once; the circuit says when they are tried.
                restsUntil = clock.now
            }
        } catch {
            // The claims expire: what was acknowledged is published once more.
            waitForDatabase(error)
        }
        pagesInFlight -= 1
        wakeup.notify()
    }

    private func failure(_ claim: RetryClaim, _ refusal: PublishOutcome.Refusal, _ message: String) -> RetryFailure {
        if refusal == .unreadable { metrics.publishFailures[.unreadable].increment() }
        let error = "\(refusal.rawValue): \(message)"
        state.recordError("a retry of \(claim.opId) failed: \(error)")
        switch policy.decision(retryCount: claim.retryCount + 1) {
        case .retry(let delay):
            return RetryFailure(claim: claim, error: error, delay: delay)
        case .deadLetter:
            logger.error(
                "the retries of an operation are used up: it needs a decision (trustlog retries)",
                metadata: ["opId": claim.opId, "reason": error])
            return RetryFailure(claim: claim, error: error, delay: nil)
        }
    }
}
