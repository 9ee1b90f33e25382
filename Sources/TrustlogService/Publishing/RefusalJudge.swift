/// Whether a record that the topic calls invalid, even alone, is at fault itself.
///
/// A topic that takes none at all (compacted, and records without a key) refuses each record alone as well. So once several
/// different ones were refused in a row and none was taken in between, it is everybody's trouble, until one is taken. (A
/// record that is refused for its size is at fault: contract, section 7.)
struct RefusalJudge: Sendable {
    /// Different records that are refused in a row before all are let off.
    static let limit = 3

    private var refused: Set<String> = []

    /// The topic has taken a record.
    mutating func taken() {
        refused.removeAll()
    }

    /// Records were refused together, each alone in its batch, and none of those with them was taken.
    /// - Returns: whether that is everybody's trouble.
    mutating func refused(_ opIds: [String]) -> Bool {
        for opId in opIds where refused.count < Self.limit { refused.insert(opId) }
        return refused.count >= Self.limit
    }
}
