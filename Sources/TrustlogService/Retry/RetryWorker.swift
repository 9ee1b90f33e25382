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
    private let heartbeat: @Sendable () -> Void
    private let wakeup = Wakeup()
    private var isStopping = false
    private var pauses = Backoff()

    /// Batches that one turn has in flight at once, while the circuit is closed.
    private static let batchesInFlight = 20
    /// Longer than a turn takes while brokers answer; when they do not, another replica may try the same rows, which repeats
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
        self.heartbeat = heartbeat
    }

    /// Ends ``run()`` when what is in flight has settled.
    func stop() {
        isStopping = true
        wakeup.notify()
    }

    func run() async {
        while !isStopping {
            let next = clock.now + (await turn())
            while !isStopping, clock.now < next {
                heartbeat()
                await wakeup.wait(timeout: min(next - clock.now, Self.longestRest), clock: clock)
            }
        }
    }

    /// One round of claims; returns how long to rest.
    private func turn() async -> Duration {
        heartbeat()
        let limit: Int
        switch publisher.breaker.permission() {
        case .proceed: limit = configuration.batchSize * Self.batchesInFlight
        case .probe: limit = configuration.batchSize
        case .wait(let until): return max(.zero, until - clock.now)
        }
        do throws(StoreError) {
            let claims = try await store.claimRetries(limit: limit, lease: Self.claimLength)
            guard !claims.isEmpty else { return configuration.interval }
            try await serve(claims)
            pauses.reset()
            return .zero
        } catch {
            state.setReachable(.database, problem: "\(error)")
            logger.error("the retry worker waits for the database: \(error)")
            return pauses.next()
        }
    }

    private func serve(_ claims: [RetryClaim]) async throws(StoreError) {
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
        let outcomes = records.isEmpty ? [] : await publish(records)
        var successes: [RetrySuccess] = []
        var released: [RetryClaim] = []
        for (index, outcome) in outcomes.enumerated() {
            let claim = claimed[index]
            switch outcome {
            case .acknowledged(let partition, let offset):
                let seq = records[index].seq
                successes.append(
                    RetrySuccess(
                        claim: claim,
                        acknowledgement: Acknowledgement(seq: seq, partition: partition, offset: offset)))
            case .refused(let refusal, let message): failures.append(failure(claim, refusal, message))
            case .outage, .notSent: released.append(claim)
            }
        }
        metrics.recordsPublished[.retry].increment(by: successes.count)
        if !successes.isEmpty { try await store.recordRetrySucceeded(successes) }
        if !obsolete.isEmpty { try await store.recordRetryObsolete(obsolete) }
        if !failures.isEmpty { try await store.recordRetryFailed(failures) }
        if !released.isEmpty { try await store.releaseRetries(released) }
    }

    /// While brokers are away this takes as long as they are: the loop shows that it lives.
    private func publish(_ records: [PublishableRecord]) async -> [PublishOutcome] {
        let submission = publisher.submit(records)
        let beating = Task { [clock, heartbeat] in
            while !Task.isCancelled {
                heartbeat()
                await clock.sleep(until: clock.now + Self.longestRest)
            }
        }
        defer { beating.cancel() }
        return await submission.outcomes()
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
