/// Spaces pages so that no more than so many records a second are published over any stretch.
struct ReplayPace: Sendable {
    /// A fifth of a second's worth goes at once.
    private static let pagesASecond = 5.0

    private let rate: Double?
    private var dueAt = Duration.zero

    /// - Parameter rate: records a second, above 0; `nil`: as fast as it goes.
    init(rate: Double?) {
        self.rate = rate
    }

    /// When the next page may be read.
    func due(now: Duration) -> Duration? { dueAt > now ? dueAt : nil }

    /// How many rows a page may have, of at most `limit`.
    func pageLimit(_ limit: Int) -> Int {
        guard let rate else { return limit }
        return Int(max(1, min(Double(limit), rate / Self.pagesASecond)))
    }

    mutating func read(_ count: Int, now: Duration) {
        guard let rate else { return }
        // What was not used is not made up for: there are no bursts after an outage.
        dueAt = max(dueAt, now) + .seconds(Double(count) / rate)
    }
}
