import TrustlogCore

extension PostgreSQLStore {
    // MARK: Discovery

    package func waiting(_ scan: WaitingScan) async throws(StoreError) -> [StoredRow] {
        try await scanner(cursor: scan.cursor).run { connection throws(PostgreSQLFailure) in
            try connection.query(
                PostgreSQLStatements.waiting,
                [
                    .integer(scan.after), .integer(scan.through ?? .max), .integer(Int64(max(scan.cursorCount, 1))),
                    .integer(Int64(scan.cursor)), .integer(Int64(max(scan.limit, 0))),
                    .integer(Int64(max(scan.byteLimit, 0))),
                ]
            ).storedRows()
        }
    }

    package func waitingSequences(_ scan: WaitingScan) async throws(StoreError) -> [Int64] {
        try await scanner(cursor: scan.cursor).run { connection throws(PostgreSQLFailure) in
            try connection.query(
                PostgreSQLStatements.waitingSequences,
                [
                    .integer(scan.after), .integer(scan.through ?? .max), .integer(Int64(max(scan.cursorCount, 1))),
                    .integer(Int64(scan.cursor)), .integer(Int64(max(scan.limit, 0))),
                ]
            ).rows.compactMap { $0.integer(0) }
        }
    }

    // MARK: Outcomes

    @discardableResult
    package func recordAcknowledged(_ acknowledgements: [Acknowledgement]) async throws(StoreError) -> Int {
        guard !acknowledgements.isEmpty else { return 0 }
        // In one order, so that two that record the same rows do not wait for each other crosswise.
        let sorted = acknowledgements.sorted { $0.seq < $1.seq }
        return try await outcomes.run { connection throws(PostgreSQLFailure) in
            try connection.run(
                PostgreSQLStatements.recordAcknowledged,
                [
                    .integers(sorted.map(\.seq)), .partitions(sorted.map(\.partition)),
                    .integers(sorted.map(\.offset)),
                ])
        }
    }

    package func recordFailed(_ failures: [PublishFailure]) async throws(StoreError) {
        guard !failures.isEmpty else { return }
        let sorted = failures.sorted { $0.seq < $1.seq }
        _ = try await outcomes.run { connection throws(PostgreSQLFailure) in
            try connection.run(
                """
                WITH f AS (
                    SELECT * FROM unnest($1::bigint[], $2::text[], $3::float8[]) AS f (seq, error, delay)
                ), moved AS (
                    UPDATE operation o SET trustlog_status = 'FAILED' FROM f
                    WHERE o.seq = f.seq AND o.trustlog_status = 'NOT_TRUSTLOGGED' RETURNING o.op_id, f.error, f.delay
                )
                INSERT INTO trustlog_retry (op_id, retry_status, retry_count, next_retry_at, last_error,
                    first_failed_at, updated_at)
                SELECT op_id, 'PENDING', 0, now() + make_interval(secs => delay), error, now(), now() FROM moved
                ON CONFLICT (op_id) DO NOTHING
                """,
                [
                    .integers(sorted.map(\.seq)), .messages(sorted.map(\.error)), .seconds(of: sorted.map(\.delay)),
                ])
        }
    }
}

/// Statements that the tests explain.
enum PostgreSQLStatements {
    /// The status is a literal: as a parameter it would not lead to the partial index. The page is cut where it grows past the
    /// byte limit, before it is sent; the lengths of values are known without reading them.
    static let waiting = page(
        from: """
            SELECT \(OperationColumn.list()) FROM operation
            WHERE trustlog_status = 'NOT_TRUSTLOGGED' AND seq > $1 AND seq <= $2 AND bucket % $3 = $4
            ORDER BY seq LIMIT $5
            """, byteLimit: "$6")

    static let waitingSequences = """
        SELECT seq FROM operation
        WHERE trustlog_status = 'NOT_TRUSTLOGGED' AND seq > $1 AND seq <= $2 AND bucket % $3 = $4
        ORDER BY seq LIMIT $5
        """

    static let recordAcknowledged = """
        UPDATE operation o SET trustlog_status = 'TRUSTLOGGED', trustlogged_at = now(),
            trustlog_partition = a.partition_id, trustlog_offset = a.position
        FROM unnest($1::bigint[], $2::int[], $3::bigint[]) AS a (seq, partition_id, position)
        WHERE o.seq = a.seq AND o.trustlog_status IN ('NOT_TRUSTLOGGED', 'FAILED')
        """

    static func page(from rows: String, byteLimit: String) -> String {
        let size = textColumns.map { "coalesce(octet_length(\($0)), 0)" }.joined(separator: " + ")
        return """
            SELECT \(OperationColumn.list()) FROM (
                SELECT p.*, sum(\(size)) OVER (ORDER BY seq ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before
                FROM (\(rows)) p
            ) q WHERE before IS NULL OR before <= \(byteLimit) ORDER BY seq
            """
    }

    private static let textColumns = OperationColumn.allCases.filter { column in
        switch column {
        case .seq, .timestamp, .sourcePartition, .sourceOffset, .recordedAt: false
        default: true
        }
    }.map(\.name)
}

extension PostgreSQLResult {
    /// Of a query for the columns of ``OperationColumn``.
    func storedRows() -> [StoredRow] {
        rows.compactMap { row in PostgreSQLOperationReader(row: row).storedRow() }
    }
}
