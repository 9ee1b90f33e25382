import OperationStore

/// The rows of a filter, page by page, the longest failing first: memory does not grow with their number.
struct RetryPages {
    private static let size = 500

    private let store: any OperationStore
    private let filter: RetryFilter
    private var after: RetryPageKey?
    private var isAtEnd = false

    init(_ filter: RetryFilter, of store: any OperationStore) {
        self.store = store
        self.filter = filter
    }

    /// `nil` at the end; never empty.
    mutating func next() async throws(StoreError) -> [RetryRow]? {
        guard !isAtEnd else { return nil }
        let page = try await store.retries(filter, after: after, limit: Self.size)
        isAtEnd = page.count < Self.size
        guard let last = page.last else { return nil }
        after = RetryPageKey(firstFailedAt: last.firstFailedAt, opId: last.opId)
        return page
    }
}

/// How many rows there are of each reason. What is kept is bounded: reasons beyond the first thousand are one.
struct RetryTally {
    private static let reasonLimit = 1_000
    private static let others = "(other reasons)"

    private(set) var count = 0
    private(set) var deadLetters = 0
    private var counts: [String: Int] = [:]

    mutating func add(_ page: [RetryRow]) {
        for row in page {
            count += 1
            if row.status == .deadLetter { deadLetters += 1 }
            let reason = row.lastError ?? "(no reason)"
            let isKnown = counts[reason] != nil || counts.count < Self.reasonLimit
            counts[isKnown ? reason : Self.others, default: 0] += 1
        }
    }

    /// The most frequent first.
    var reasons: [(reason: String, count: Int)] {
        counts.map { (reason: $0.key, count: $0.value) }
            .sorted { $0.count != $1.count ? $0.count > $1.count : $0.reason < $1.reason }
    }
}
