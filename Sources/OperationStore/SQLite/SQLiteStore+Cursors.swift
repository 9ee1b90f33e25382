import TrustlogCore

extension SQLiteStore {
    package func cursors() async throws(StoreError) -> [CursorRow] {
        try await reading.run { connection throws(SQLiteFailure) in
            try connection.snapshot { connection throws(SQLiteFailure) in
                var cursors = try connection.rows("\(SQLiteConnection.selectCursors) ORDER BY cursor_key") { row in
                    CursorRow(row)
                }
                for index in cursors.indices {
                    guard let seq = cursors[index].value.flatMap({ Int64($0) }) else { continue }
                    cursors[index].positionTime = try connection.recordedAt(atOrBefore: seq)
                }
                return cursors
            }
        }
    }

    package func acquireLease(
        key: String, owner: String, length: Duration, unchanged: CursorRow?
    ) async throws(StoreError) -> LeaseAttempt {
        try await writer.run { connection throws(SQLiteFailure) in
            try connection.transaction { connection throws(SQLiteFailure) in
                let now = Timestamp.now()
                let row = try connection.cursor(key: key)
                if let row, !row.isFree(for: owner, at: now), !row.isSame(as: unchanged) { return .held(row) }
                try connection.run(
                    """
                    INSERT INTO trustlog_cursor (cursor_key, owner, lease_until, updated_at) VALUES (?1, ?2, ?3, ?4)
                    ON CONFLICT (cursor_key) DO UPDATE SET owner = excluded.owner,
                        lease_until = excluded.lease_until, updated_at = excluded.updated_at
                    """, [.text(key), .text(owner), .time(now.advanced(by: length)), .time(now)])
                return .granted(value: row?.value)
            }
        }
    }

    package func renewLease(
        key: String, owner: String, length: Duration, position: Int64?
    ) async throws(StoreError) -> Bool {
        try await writer.run { connection throws(SQLiteFailure) in
            try connection.transaction { connection throws(SQLiteFailure) in
                let now = Timestamp.now()
                return try connection.run(
                    """
                    UPDATE trustlog_cursor SET lease_until = ?3, updated_at = ?4,
                        cursor_value = coalesce(?5, cursor_value) WHERE cursor_key = ?1 AND owner = ?2
                    """,
                    [
                        .text(key), .text(owner), .time(now.advanced(by: length)), .time(now),
                        .text(position.map { String($0) }),
                    ]) > 0
            }
        }
    }

    package func releaseLease(key: String, owner: String, position: Int64?) async throws(StoreError) {
        try await writer.run { connection throws(SQLiteFailure) in
            try connection.transaction { connection throws(SQLiteFailure) in
                _ = try connection.run(
                    """
                    UPDATE trustlog_cursor SET owner = NULL, lease_until = NULL, updated_at = ?3,
                        cursor_value = coalesce(?4, cursor_value) WHERE cursor_key = ?1 AND owner = ?2
                    """, [.text(key), .text(owner), .time(.now()), .text(position.map { String($0) })])
            }
        }
    }

    package func setCursor(key: String, value: String, expected: String?) async throws(StoreError) -> Bool {
        try await writer.run { connection throws(SQLiteFailure) in
            try connection.transaction { connection throws(SQLiteFailure) in
                let values: [SQLiteValue] = [.text(key), .text(value), .time(.now())]
                if let expected {
                    return try connection.run(
                        """
                        UPDATE trustlog_cursor SET cursor_value = ?2, updated_at = ?3
                        WHERE cursor_key = ?1 AND cursor_value = ?4
                        """, values + [.text(expected)]) > 0
                }
                return try connection.run(
                    """
                    INSERT INTO trustlog_cursor (cursor_key, cursor_value, updated_at) VALUES (?1, ?2, ?3)
                    ON CONFLICT (cursor_key)
                    DO UPDATE SET cursor_value = excluded.cursor_value, updated_at = excluded.updated_at
                    """, values) > 0
            }
        }
    }

    package func deleteCursor(key: String) async throws(StoreError) -> Bool {
        try await writer.run { connection throws(SQLiteFailure) in
            try connection.transaction { connection throws(SQLiteFailure) in
                try connection.run("DELETE FROM trustlog_cursor WHERE cursor_key = ?1", [.text(key)]) > 0
            }
        }
    }
}

extension CursorRow {
    /// The columns of ``SQLiteConnection/selectCursors``.
    fileprivate init(_ row: SQLiteStatement) {
        self.init(
            key: row.repairedText(0) ?? "", value: row.repairedText(1), owner: row.repairedText(2),
            leaseUntil: row.time(3), updatedAt: row.time(4) ?? .epoch)
    }

    fileprivate func isFree(for candidate: String, at now: Timestamp) -> Bool {
        guard let owner else { return true }
        if ExactText(owner) == ExactText(candidate) { return true }
        guard let leaseUntil else { return true }
        return leaseUntil <= now
    }

    /// Whether nobody has touched the row since it was seen so. The time of its position is not part of it.
    fileprivate func isSame(as seen: CursorRow?) -> Bool {
        guard var seen else { return false }
        seen.positionTime = positionTime
        return self == seen
    }
}

extension SQLiteConnection {
    fileprivate static let selectCursors =
        "SELECT cursor_key, cursor_value, owner, lease_until, updated_at FROM trustlog_cursor"

    fileprivate func cursor(key: String) throws(SQLiteFailure) -> CursorRow? {
        try first("\(Self.selectCursors) WHERE cursor_key = ?1", [.text(key)]) { row in CursorRow(row) }
    }
}
