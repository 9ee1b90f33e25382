/// Growing pauses between attempts at something that is away: each twice as long as the one before, up to a limit.
package struct Backoff: Sendable {
    private let initial: Duration
    private let limit: Duration
    private var upcoming: Duration

    package init(initial: Duration = .milliseconds(100), limit: Duration = .seconds(10)) {
        self.initial = initial
        self.limit = limit
        upcoming = initial
    }

    package mutating func next() -> Duration {
        defer { upcoming = min(upcoming * 2, limit) }
        return upcoming
    }

    package mutating func reset() {
        upcoming = initial
    }
}
