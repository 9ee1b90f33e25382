/// How many due rows are claimed at once: several batches, as long as their text stays small.
///
/// What failed is often what is large: the first claim is one batch, and what it weighed tells how many rows the next may have.
struct ClaimSize: Sendable {
    /// A page holds ten batches at most, of which the batch is the unit of `retry.batch-size`.
    private static let batches = 10
    private static let bytes = 8 << 20

    private let batch: Int
    private(set) var rows: Int

    init(batch: Int) {
        self.batch = batch
        rows = batch
    }

    mutating func saw(rows count: Int, bytes: Int) {
        let size = max(1, bytes / max(1, count))
        rows = min(batch * Self.batches, max(1, min(Self.bytes / size, rows * 2)))
    }
}
