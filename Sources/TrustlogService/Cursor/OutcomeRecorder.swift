package import Observability
package import OperationStore
package import TrustlogCore

/// Writes outcomes of publishing into the table. While one statement is under way, what arrives meanwhile gathers and goes
/// with the next one: under load few statements carry many rows.
package actor OutcomeRecorder {
    private struct Pending {
        var acknowledgements: [Acknowledgement] = []
        var failures: [PublishFailure] = []
        var waiters: [CheckedContinuation<Bool, Never>] = []
        var isEmpty: Bool { acknowledgements.isEmpty && failures.isEmpty && waiters.isEmpty }
    }

    private let store: any OperationStore
    private let policy: RetryPolicy
    private let path: TrustlogMetrics.Path
    private let metrics: TrustlogMetrics
    private let state: ServiceState
    private let clock: any ServiceClock
    private let logger: Logger
    private let repeated: LogLimiter
    private var pending = Pending()
    private var isRecording = false
    private var isGivingUp = false
    /// Ends a pause between two attempts when the program stops.
    private let wakeup = Wakeup()

    private static let chunk = 4_000

    package init(
        store: any OperationStore, policy: RetryPolicy, path: TrustlogMetrics.Path, metrics: TrustlogMetrics,
        state: ServiceState, clock: any ServiceClock, logger: Logger
    ) {
        self.store = store
        self.policy = policy
        self.path = path
        self.metrics = metrics
        self.state = state
        self.clock = clock
        self.logger = logger
        repeated = LogLimiter(logger: logger)
    }

    /// The first failure of a row, due for a retry after the initial backoff.
    package nonisolated func failure(seq: Int64, _ refusal: PublishOutcome.Refusal, _ message: String) -> PublishFailure
    {
        if refusal == .unreadable { metrics.publishFailures[.unreadable].increment() }
        return PublishFailure(
            seq: seq, error: "\(refusal.rawValue): \(message)",
            delay: policy.delay(beforeRetry: 1, jitter: .random(in: 0...1)))
    }

    /// Returns when the outcomes are committed; false if they are not, because the program stops while the database is away.
    /// Then they are found again and published once more.
    package func record(
        _ acknowledgements: [Acknowledgement], _ failures: [PublishFailure], recordedAt: [Timestamp?]
    ) async -> Bool {
        guard !acknowledgements.isEmpty || !failures.isEmpty else { return true }
        metrics.recordsPublished[path].increment(by: acknowledgements.count)
        let now = Timestamp.now().microseconds
        for case let time? in recordedAt {
            metrics.endToEndSeconds.observe(max(0, Double(now - time.microseconds) / 1e6))
        }
        pending.acknowledgements += acknowledgements
        pending.failures += failures
        return await withCheckedContinuation { continuation in
            pending.waiters.append(continuation)
            if !isRecording {
                isRecording = true
                Task { await self.recordAll() }
            }
        }
    }

    /// From now on a database that is away is not waited for.
    package func giveUp() {
        isGivingUp = true
        wakeup.notify()
    }

    private func recordAll() async {
        while !pending.isEmpty {
            let current = pending
            pending = Pending()
            let begin = clock.now
            let isRecorded = await write(current)
            metrics.stageSeconds[.record].observe((clock.now - begin).seconds)
            for waiter in current.waiters { waiter.resume(returning: isRecorded) }
        }
        isRecording = false
    }

    private func write(_ outcomes: Pending) async -> Bool {
        var pauses = Backoff()
        while true {
            do throws(StoreError) {
                // Repeating these changes nothing twice.
                for start in stride(from: 0, to: outcomes.acknowledgements.count, by: Self.chunk) {
                    let end = min(start + Self.chunk, outcomes.acknowledgements.count)
                    try await store.recordAcknowledged(Array(outcomes.acknowledgements[start..<end]))
                }
                if !outcomes.failures.isEmpty {
                    try await store.recordFailed(outcomes.failures)
                    for failure in outcomes.failures {
                        state.recordError("a record cannot be published: \(failure.error)")
                        logger.error(
                            "a record cannot be published and waits for a retry",
                            metadata: ["seq": String(failure.seq), "reason": failure.error])
                    }
                }
                state.setReachable(.database, problem: nil)
                repeated.recovered(key: "record", "acknowledgements are recorded again")
                return true
            } catch {
                state.setReachable(.database, problem: "\(error)")
                repeated.log(level: .error, key: "record", "acknowledgements cannot be recorded yet: \(error)")
                if isGivingUp { return false }
                await wakeup.wait(timeout: pauses.next(), clock: clock)
            }
        }
    }
}
