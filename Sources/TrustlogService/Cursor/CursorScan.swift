/// Decides what a cursor worker reads next: the state of its way through the table, without I/O.
///
/// Rows become visible when their transaction commits, which is not the order of `seq`. So the worker goes forward from the
/// highest `seq` it has seen, which is cheap and in order, and at each interval it sweeps behind itself for rows that
/// committed late; a row is only ever passed over until the next sweep. `high` lives in memory alone and begins at 0 with each
/// lease, because only then is the first pending row of each key the first to be published.
///
/// Rows of one input partition commit in the order of their `seq`, one batch after the other. But while a batch commits,
/// rows with a higher `seq` may be visible already, those of another replica's batch or of an application: the scan goes past
/// the batch, and would find the partition's next one before it. So before a page with consumed rows is published, the rows
/// that it may have gone past are looked for; ``settled(now:)`` says from where on.
struct CursorScan: Sendable {
    enum Action: Sendable, Equatable {
        case forward(after: Int64)
        case sweep(after: Int64, through: Int64)
        /// Nothing to read before this moment, unless news arrive.
        case wait(until: Duration)
    }

    private(set) var high: Int64 = 0
    private var mayHaveMore = true
    /// Where a sweep goes on that one page was too small for.
    private var sweptThrough: Int64 = 0
    private var sweepDue: Duration
    private let interval: Duration
    /// Where the scan stood at some moments of the past, about one a second.
    private var trail: [Trail] = []

    private struct Trail {
        var at: Duration
        var high: Int64
    }

    /// How long a batch may take from its first `seq` to its commit. Stores give a transaction up before that which waits
    /// for a lock or for its own process.
    private static let commitLimit = Duration.seconds(10)

    init(interval: Duration, now: Duration) {
        self.interval = interval
        sweepDue = now + interval
    }

    func next(now: Duration) -> Action {
        if mayHaveMore { return .forward(after: high) }
        if now >= sweepDue { return high > 0 ? .sweep(after: sweptThrough, through: high) : .forward(after: 0) }
        return .wait(until: sweepDue)
    }

    /// Somebody may have added rows.
    mutating func news() {
        mayHaveMore = true
    }

    /// Back to the beginning: after a lease was taken, or after an outage left rows behind.
    mutating func restart(now: Duration) {
        high = 0
        trail = []
        sweptThrough = 0
        mayHaveMore = true
        sweepDue = now + interval
    }

    mutating func sawForward(last: Int64?, isFull: Bool, now: Duration) {
        // From the beginning it was a sweep as well.
        if high == 0 { sweepDue = now + interval }
        if let last { high = max(high, last) }
        if trail.last.map({ now - $0.at >= .seconds(1) }) ?? true { trail.append(Trail(at: now, high: high)) }
        while trail.count > 1, now - trail[1].at >= Self.commitLimit { trail.removeFirst() }
        mayHaveMore = isFull
    }

    /// No consumed row at or below this `seq` is still to be committed.
    func settled(now: Duration) -> Int64 {
        guard let oldest = trail.first, now - oldest.at >= Self.commitLimit else { return 0 }
        return oldest.high
    }

    /// A sweep costs what dead index entries make it cost: it never takes more than 5 % of the time.
    mutating func swept(last: Int64?, isFull: Bool, took: Duration, now: Duration) {
        mayHaveMore = true
        sweptThrough = isFull ? last ?? 0 : 0
        sweepDue = isFull ? now : now + max(interval, took * 20)
    }
}
