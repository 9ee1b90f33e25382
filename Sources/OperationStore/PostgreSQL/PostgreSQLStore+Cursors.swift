import TrustlogCore

extension PostgreSQLStore {
    package func cursors() async throws(StoreError) -> [CursorRow] {
        try await reading.run { connection throws(PostgreSQLFailure) in
            try connection.query(
                """
                SELECT \(CursorRow.columns), (
                    SELECT o.recorded_at FROM operation o WHERE o.seq <= v.position ORDER BY o.seq DESC LIMIT 1)
                FROM trustlog_cursor c CROSS JOIN LATERAL (
                    -- A number of 18 digits fits in any case; a position has no more.
                    SELECT CASE WHEN c.cursor_value ~ '^[0-9]+$' AND length(c.cursor_value) <= 18
                        THEN c.cursor_value::bigint END AS position) v
                ORDER BY c.cursor_key
                """
            ).rows.map { row in CursorRow(row, positionTime: row.time(5)) }
        }
    }

    package func acquireLease(
        key: String, owner: String, length: Duration, unchanged: CursorRow?
    ) async throws(StoreError) -> LeaseAttempt {
        try await leases.run { connection throws(PostgreSQLFailure) in
            // The row may vanish between the two statements (an operator deleted it): then it is free.
            for _ in 0..<3 {
                let granted = try connection.query(
                    PostgreSQLStatements.acquireLease,
                    [
                        .text(key), .text(owner), .seconds(length), .bool(unchanged != nil), .text(unchanged?.owner),
                        .time(unchanged?.leaseUntil), .time(unchanged?.updatedAt), .text(unchanged?.value),
                    ])
                if let row = granted.first { return .granted(value: row.text(0)) }
                let held = try connection.query(
                    "SELECT \(CursorRow.columns) FROM trustlog_cursor c WHERE c.cursor_key = $1", [.text(key)])
                if let row = held.first { return .held(CursorRow(row, positionTime: nil)) }
            }
            throw .lost("the row of the cursor \(key) was deleted again and again")
        }
    }

    package func renewLease(
        key: String, owner: String, length: Duration, position: Int64?
    ) async throws(StoreError) -> Bool {
        try await leases.run { connection throws(PostgreSQLFailure) in
            try connection.run(
                """
                UPDATE trustlog_cursor SET lease_until = now() + make_interval(secs => $3), updated_at = now(),
                    cursor_value = coalesce($4, cursor_value) WHERE cursor_key = $1 AND owner = $2
                """, [.text(key), .text(owner), .seconds(length), .text(position.map { String($0) })]) > 0
        }
    }

    package func releaseLease(key: String, owner: String, position: Int64?) async throws(StoreError) {
        _ = try await leases.run { connection throws(PostgreSQLFailure) in
            try connection.run(
                """
                UPDATE trustlog_cursor SET owner = NULL, lease_until = NULL, updated_at = now(),
                    cursor_value = coalesce($3, cursor_value) WHERE cursor_key = $1 AND owner = $2
                """, [.text(key), .text(owner), .text(position.map { String($0) })])
        }
    }

    package func setCursor(key: String, value: String, expected: String?) async throws(StoreError) -> Bool {
        try await outcomes.run { connection throws(PostgreSQLFailure) in
            if let expected {
                return try connection.run(
                    """
                    UPDATE trustlog_cursor SET cursor_value = $2, updated_at = now()
                    WHERE cursor_key = $1 AND cursor_value = $3
                    """, [.text(key), .text(value), .text(expected)]) > 0
            }
            return try connection.run(
                """
                INSERT INTO trustlog_cursor (cursor_key, cursor_value, updated_at) VALUES ($1, $2, now())
                ON CONFLICT (cursor_key)
                DO UPDATE SET cursor_value = excluded.cursor_value, updated_at = excluded.updated_at
                """, [.text(key), .text(value)]) > 0
        }
    }

    package func deleteCursor(key: String) async throws(StoreError) -> Bool {
        try await outcomes.run { connection throws(PostgreSQLFailure) in
            try connection.run("DELETE FROM trustlog_cursor WHERE cursor_key = $1", [.text(key)]) > 0
        }
    }
}

extension PostgreSQLStatements {
    /// One statement on the database's clock. `now()` is the time at which it began: if it waits for another owner's renewal,
    /// the condition is looked at again on the renewed row.
    static let acquireLease = """
        INSERT INTO trustlog_cursor AS c (cursor_key, owner, lease_until, updated_at)
        VALUES ($1, $2, now() + make_interval(secs => $3), now())
        ON CONFLICT (cursor_key) DO UPDATE
        SET owner = excluded.owner, lease_until = excluded.lease_until, updated_at = excluded.updated_at
        WHERE c.owner IS NULL OR c.owner = excluded.owner OR c.lease_until IS NULL OR c.lease_until <= now()
            OR ($4 AND c.owner IS NOT DISTINCT FROM $5 AND c.lease_until IS NOT DISTINCT FROM $6
                AND c.updated_at = $7 AND c.cursor_value IS NOT DISTINCT FROM $8)
        RETURNING c.cursor_value
        """
}

extension CursorRow {
    fileprivate static let columns = "c.cursor_key, c.cursor_value, c.owner, c.lease_until, c.updated_at"

    /// The columns of ``columns``.
    fileprivate init(_ row: PostgreSQLRow, positionTime: Timestamp?) {
        self.init(
            key: row.text(0) ?? "", value: row.text(1), owner: row.text(2), leaseUntil: row.time(3),
            updatedAt: row.time(4) ?? Timestamp(microseconds: 0), positionTime: positionTime)
    }
}
