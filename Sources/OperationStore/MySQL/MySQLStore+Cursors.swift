import TrustlogCore

extension MySQLStore {
    package func cursors() async throws(StoreError) -> [CursorRow] {
        try await control.run { connection throws(MySQLFailure) in
            var cursors = try connection.rows("\(MySQLConnection.selectCursors) ORDER BY cursor_key") { row in
                CursorRow(row)
            }
            for index in cursors.indices {
                guard let seq = cursors[index].value.flatMap({ Int64($0) }) else { continue }
                let time = try connection.first(
                    "SELECT recorded_at FROM operation WHERE seq <= ? ORDER BY seq DESC LIMIT 1", [.integer(seq)]
                ) { row in row.time(0) }
                cursors[index].positionTime = time ?? nil
            }
            return cursors
        }
    }

    package func acquireLease(
        key: String, owner: String, length: Duration, unchanged: CursorRow?
    ) async throws(StoreError) -> LeaseAttempt {
        try await control.run { connection throws(MySQLFailure) in
            // Without a transaction around it, or those that race for a new row would wait for each other's locks.
            try connection.run(
                "INSERT INTO trustlog_cursor (cursor_key) VALUES (?) ON DUPLICATE KEY UPDATE cursor_key = cursor_key",
                [.text(key)])
            return try connection.transaction { connection throws(MySQLFailure) in
                let found = try connection.first(
                    """
                    SELECT cursor_key, cursor_value, owner, lease_until, updated_at, UTC_TIMESTAMP(6)
                    FROM trustlog_cursor WHERE cursor_key = ? FOR UPDATE
                    """, [.text(key)]
                ) { row in (row: CursorRow(row), now: row.time(5) ?? .unknownMySQLTime) }
                guard let (row, now) = found else { throw .unavailable("the cursor was deleted meanwhile") }
                guard row.isFree(for: owner, at: now) || row.isSame(as: unchanged) else { return .held(row) }
                try connection.run(
                    "UPDATE trustlog_cursor SET owner = ?, lease_until = ?, updated_at = ? WHERE cursor_key = ?",
                    [.text(owner), .time(now.advanced(by: length)), .time(now), .text(key)])
                return .granted(value: row.value)
            }
        }
    }

    package func renewLease(
        key: String, owner: String, length: Duration, position: Int64?
    ) async throws(StoreError) -> Bool {
        try await control.run { connection throws(MySQLFailure) in
            try connection.run(
                """
                UPDATE trustlog_cursor SET lease_until = UTC_TIMESTAMP(6) + INTERVAL ? MICROSECOND,
                    updated_at = UTC_TIMESTAMP(6), cursor_value = COALESCE(?, cursor_value)
                WHERE cursor_key = ? AND owner = ?
                """,
                [
                    .integer(length.wholeMicroseconds), .text(position.map { String($0) }), .text(key), .text(owner),
                ]) > 0
        }
    }

    package func releaseLease(key: String, owner: String, position: Int64?) async throws(StoreError) {
        try await control.run { connection throws(MySQLFailure) in
            _ = try connection.run(
                """
                UPDATE trustlog_cursor SET owner = NULL, lease_until = NULL, updated_at = UTC_TIMESTAMP(6),
                    cursor_value = COALESCE(?, cursor_value) WHERE cursor_key = ? AND owner = ?
                """, [.text(position.map { String($0) }), .text(key), .text(owner)])
        }
    }

    package func setCursor(key: String, value: String, expected: String?) async throws(StoreError) -> Bool {
        try await control.run { connection throws(MySQLFailure) in
            if let expected {
                return try connection.run(
                    """
                    UPDATE trustlog_cursor SET cursor_value = ?, updated_at = UTC_TIMESTAMP(6)
                    WHERE cursor_key = ? AND cursor_value = ?
                    """, [.text(value), .text(key), .text(expected)]) > 0
            }
            try connection.run(
                """
                INSERT INTO trustlog_cursor (cursor_key, cursor_value, updated_at) VALUES (?, ?, UTC_TIMESTAMP(6))
                ON DUPLICATE KEY UPDATE cursor_value = VALUES(cursor_value), updated_at = VALUES(updated_at)
                """, [.text(key), .text(value)])
            return true
        }
    }

    package func deleteCursor(key: String) async throws(StoreError) -> Bool {
        try await control.run { connection throws(MySQLFailure) in
            try connection.run("DELETE FROM trustlog_cursor WHERE cursor_key = ?", [.text(key)]) > 0
        }
    }
}

extension MySQLConnection {
    fileprivate static let selectCursors =
        "SELECT cursor_key, cursor_value, owner, lease_until, updated_at FROM trustlog_cursor"
}

extension CursorRow {
    /// The columns of ``MySQLConnection/selectCursors``.
    fileprivate init(_ row: MySQLRow) {
        self.init(
            key: row.text(0) ?? "", value: row.text(1), owner: row.text(2), leaseUntil: row.time(3),
            updatedAt: row.time(4) ?? .unknownMySQLTime)
    }

    fileprivate func isFree(for candidate: String, at now: Timestamp) -> Bool {
        guard let owner, let leaseUntil else { return true }
        return leaseUntil <= now || ExactText(owner) == ExactText(candidate)
    }

    /// Whether nobody has touched the row since it was seen so. The time of its position is not part of it.
    fileprivate func isSame(as seen: CursorRow?) -> Bool {
        guard var seen else { return false }
        seen.positionTime = positionTime
        return self == seen
    }
}
