/// Decides what a cursor worker reads next: the state of its way through the table, without I/O.
///
/// Rows become visible when their transaction commits, which is not the order of `seq`. So the worker goes forward from the
/// highest `seq` it has seen, which is cheap and in order, and at each interval it sweeps behind itself for rows that
/// committed late; a row is only ever passed over until the next sweep.
///
/// A row that commits a little late must not be overtaken by a later one of its key, which the forward scan would meet
/// first: so each forward scan begins at the row that was the highest a moment ago. Whoever wrote both committed the first
/// one before: a page that shows the second shows the first as well, and in order. `high` lives in memory alone and begins at 0 with each
/// lease, because only then is the first pending row of each key the first to be published.
struct CursorScan: Sendable {
    enum Action: Sendable, Equatable {
        case forward(after: Int64)
        case sweep(after: Int64, through: Int64)
        /// Nothing to read before this moment, unless news arrive.
        case wait(until: Duration)
    }

    private(set) var high: Int64 = 0
    /// What `high` was at which time, from the last one that is older than the look-back on.
    private var marks: [(time: Duration, high: Int64)] = []
    private var mayHaveMore = true
    /// Where a sweep goes on that one page was too small for.
    private var sweptThrough: Int64 = 0
    private var sweepDue: Duration
    private let interval: Duration

    /// How late a row may commit and still be published in its place.
    static let lookBack = Duration.seconds(1)

    init(interval: Duration, now: Duration) {
        self.interval = interval
        sweepDue = now + interval
    }

    func next(now: Duration) -> Action {
        if mayHaveMore { return .forward(after: floor(now: now)) }
        if now >= sweepDue { return high > 0 ? .sweep(after: sweptThrough, through: high) : .forward(after: 0) }
        return .wait(until: sweepDue)
    }

    /// The highest row seen before the look-back.
    private func floor(now: Duration) -> Int64 {
        marks.last { $0.time <= now - Self.lookBack }?.high ?? 0
    }

    /// Somebody may have added rows.
    mutating func news() {
        mayHaveMore = true
    }

    /// Back to the beginning: after a lease was taken, or after an outage left rows behind.
    mutating func restart(now: Duration) {
        high = 0
        marks.removeAll(keepingCapacity: true)
        sweptThrough = 0
        mayHaveMore = true
        sweepDue = now + interval
    }

    mutating func sawForward(last: Int64?, isFull: Bool, now: Duration) {
        if let last, last > high {
            high = last
            if let old = marks.lastIndex(where: { $0.time <= now - Self.lookBack }) { marks.removeFirst(old) }
            // A few marks a second are enough.
            if marks.last.map({ now - $0.time >= Self.lookBack / 8 }) ?? true { marks.append((now, high)) }
        }
        mayHaveMore = isFull
    }

    /// A sweep costs what dead index entries make it cost: it never takes more than 5 % of the time.
    mutating func swept(last: Int64?, isFull: Bool, took: Duration, now: Duration) {
        mayHaveMore = true
        sweptThrough = isFull ? last ?? 0 : 0
        sweepDue = isFull ? now : now + max(interval, took * 20)
    }
}
