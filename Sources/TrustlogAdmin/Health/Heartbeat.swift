import Synchronization

/// A loop's sign of life. The loop calls `beat()` on each turn, also while it waits for a broker or a database: liveness
/// tells whether the loop goes round, not whether others answer it.
package final class Heartbeat: Sendable {
    package let name: String
    private let deadline: Duration
    private let clock: HealthClock
    /// Monotonic: the last beat, and when the next one is due.
    private let lastBeat: Atomic<Int64>
    private let due: Atomic<Int64>
    /// Monotonic: since when every beat came in time.
    private let steadySince: Atomic<Int64>
    private let isEnded = Atomic<Bool>(false)

    init(name: String, deadline: Duration, clock: HealthClock) {
        let now = clock.monotonic()
        self.name = name
        self.deadline = deadline
        self.clock = clock
        lastBeat = Atomic(now)
        due = Atomic(Heartbeat.moment(deadline, after: now))
        steadySince = Atomic(now)
    }

    /// The loop goes round.
    ///
    /// - Parameter wait: how long the next beat may take, where that is not the heartbeat's own deadline: for a loop
    ///   that is about to sleep longer.
    package func beat(nextWithin wait: Duration? = nil) {
        guard !isEnded.load(ordering: .relaxed) else { return }
        let now = clock.monotonic()
        if due.exchange(Heartbeat.moment(wait ?? deadline, after: now), ordering: .relaxed) < now {
            steadySince.store(now, ordering: .relaxed)
        }
        lastBeat.store(now, ordering: .relaxed)
    }

    /// The loop has ended as it should; it is no part of liveness any more.
    package func end() {
        isEnded.store(true, ordering: .relaxed)
    }

    var hasEnded: Bool { isEnded.load(ordering: .relaxed) }

    func check() -> HealthCheck {
        let due = self.due.load(ordering: .relaxed)
        let last = lastBeat.load(ordering: .relaxed)
        let now = clock.monotonic()
        let age = "last heartbeat \(seconds(now - last)) s ago"
        if now <= due {
            return HealthCheck(
                name: name, ok: true, since: clock.wallTime(at: steadySince.load(ordering: .relaxed)), detail: age)
        }
        return HealthCheck(
            name: name, ok: false, since: clock.wallTime(at: due),
            detail: "\(age), \(seconds(due - last)) s are allowed: the loop is stuck")
    }

    private static func moment(_ duration: Duration, after now: Int64) -> Int64 {
        let (seconds, attoseconds) = duration.components
        let (product, isLarge) = max(0, seconds).multipliedReportingOverflow(by: 1_000_000_000)
        let (sum, isLarger) = now.addingReportingOverflow(product)
        let (moment, isLargest) = sum.addingReportingOverflow(max(0, attoseconds) / 1_000_000_000)
        return isLarge || isLarger || isLargest ? .max : moment
    }

    /// With one decimal.
    private func seconds(_ nanoseconds: Int64) -> String {
        let tenths = max(0, nanoseconds) / 100_000_000
        return "\(tenths / 10).\(tenths % 10)"
    }
}
