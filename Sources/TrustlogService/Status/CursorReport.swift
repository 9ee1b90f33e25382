package import OperationStore
import TrustlogCore

extension CursorReport {
    /// All cursors of a store, each with its lag in seconds.
    ///
    /// That of a publishing cursor is how long the oldest row that waits behind it has waited, on the database's clock: the
    /// metric `trustlog_cursor_lag_seconds`. That of a bookmark or a replay is how much later than the row at its position the
    /// last row of the table was recorded: 0 at the end, and standing still while nothing is added.
    @concurrent package static func all(
        of store: any OperationStore, cursorCount: Int, _ statistics: StoreStatistics
    ) async throws(StoreError) -> [CursorReport] {
        var reports: [CursorReport] = []
        var end: Timestamp?
        for row in try await store.cursors() {
            var row = row
            if CursorKey.isPublishing(row.key) {
                let lag = try await waitingSeconds(row.key, store, cursorCount: cursorCount, statistics)
                reports.append(CursorReport(row: row, lagSeconds: lag))
                continue
            }
            guard let sequence = row.value.flatMap({ CursorKey.sequence(ofValue: $0) }) else {
                reports.append(CursorReport(row: row, lagSeconds: nil))
                continue
            }
            // The store tells it where the value is a bare number.
            if row.positionTime == nil { row.positionTime = try await recordedAt(sequence, store) }
            if end == nil, let last = try await store.bounds()?.upperBound { end = try await recordedAt(last, store) }
            reports.append(CursorReport(row: row, lagSeconds: seconds(from: row.positionTime, to: end)))
        }
        return reports
    }

    /// `nil` for a cursor beyond `cursor.count`, which nobody works.
    private static func waitingSeconds(
        _ key: String, _ store: any OperationStore, cursorCount: Int, _ statistics: StoreStatistics
    ) async throws(StoreError) -> Double? {
        guard let index = Int(key.dropFirst("publish-".count)), index < cursorCount else { return nil }
        let oldest = try await store.waiting(
            WaitingScan(
                cursor: index, cursorCount: cursorCount, after: 0, through: nil, limit: 1, byteLimit: 1 << 20))
        return seconds(from: oldest.first?.recordedAt, to: statistics.databaseTime) ?? 0
    }

    private static func recordedAt(_ seq: Int64, _ store: any OperationStore) async throws(StoreError) -> Timestamp? {
        try await store.operations(in: seq...seq, limit: 1, byteLimit: 1 << 20).first?.recordedAt
    }

    private static func seconds(from start: Timestamp?, to end: Timestamp?) -> Double? {
        guard let start, let end else { return nil }
        return max(0, Double(end.microseconds - start.microseconds) / 1e6)
    }
}
