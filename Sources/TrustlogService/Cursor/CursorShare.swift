import OperationStore

/// How replicas share the publishing cursors fairly, without a table of their own.
///
/// Who holds which cursor stands in their rows. A replica that holds fewer than its share knocks at one of the replica that
/// holds most: it writes the row's value as it is, which changes nothing but `updated_at`. The holder, which alone renews
/// the row, sees at its next renewal that somebody else has touched it; it finishes what is in flight and gives the lease
/// back. Knocking is a request, no right: who does not know of it goes on as before, and only an own lease is ever given up.
struct CursorShare: Sendable {
    private let owner: String
    /// By owner, the cursors held, in order.
    private let holdings: [String: [String]]
    private let share: Int

    /// - Parameters:
    ///   - owner: this process.
    ///   - count: of publishing cursors.
    ///   - rows: of `trustlog_cursor`; others than the publishing cursors are passed over.
    init(owner: String, count: Int, rows: [CursorRow]) {
        self.owner = owner
        let keys = Set((0..<count).map { CursorKey.publishing($0) })
        var holdings: [String: [String]] = [:]
        for row in rows where keys.contains(row.key) {
            if let holder = row.owner { holdings[holder, default: []].append(row.key) }
        }
        self.holdings = holdings.mapValues { $0.sorted() }
        share = count / Set(holdings.keys).union([owner]).count
    }

    private var own: Int { holdings[owner]?.count ?? 0 }

    /// Whether to ask for this cursor: it is the last one of those whose holder has most of all.
    func mayKnock(at key: String) -> Bool {
        guard own < share else { return false }
        let others = holdings.filter { $0.key != owner && $0.value.count > own + 1 }
        let most = others.values.map(\.count).max()
        let richest = others.filter { $0.value.count == most }.min { $0.key < $1.key }
        return richest?.value.last == key
    }

    /// Whether to give up a cursor that somebody knocked at: never the last one.
    var mayYield: Bool { own > 1 }
}
