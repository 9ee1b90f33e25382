/// Decides what a cursor worker reads next: the state of its way through the table, without I/O.
///
/// Rows become visible when their transaction commits, which is not the order of `seq`. So the worker goes forward from the
/// highest `seq` it has seen, which is cheap and in order, and at each interval it sweeps behind itself for rows that
/// committed late; a row is only ever passed over until the next sweep. `high` lives in memory alone and begins at 0 with each
/// lease, because only then is the first pending row of each key the first to be published.
struct CursorScan: Sendable {
    enum Action: Sendable, Equatable {
        case forward(after: Int64)
        case sweep(through: Int64)
        /// Nothing to read before this moment, unless news arrive.
        case wait(until: Duration)
    }

    private(set) var high: Int64 = 0
    private var mayHaveMore = true
    private var sweepDue: Duration
    private let interval: Duration

    init(interval: Duration, now: Duration) {
        self.interval = interval
        sweepDue = now + interval
    }

    func next(now: Duration) -> Action {
        if mayHaveMore { return .forward(after: high) }
        if now >= sweepDue { return high > 0 ? .sweep(through: high) : .forward(after: 0) }
        return .wait(until: sweepDue)
    }

    /// Somebody may have added rows.
    mutating func news() {
        mayHaveMore = true
    }

    /// Back to the beginning: after a lease was taken, or after an outage left rows behind.
    mutating func restart(now: Duration) {
        high = 0
        mayHaveMore = true
        sweepDue = now + interval
    }

    mutating func sawForward(last: Int64?, isFull: Bool, now: Duration) {
        if let last { high = max(high, last) }
        mayHaveMore = isFull
    }

    /// A sweep costs what dead index entries make it cost: it never takes more than 5 % of the time.
    mutating func swept(isFull: Bool, took: Duration, now: Duration) {
        mayHaveMore = true
        sweepDue = isFull ? now : now + max(interval, took * 20)
    }
}
