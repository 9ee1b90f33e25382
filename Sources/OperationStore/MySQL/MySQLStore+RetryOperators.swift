import TrustlogCore

extension MySQLStore {
    package func retries(
        _ filter: RetryFilter, after: RetryPageKey?, limit: Int
    ) async throws(StoreError) -> [RetryRow] {
        try await control.run { connection throws(MySQLFailure) in
            var condition = RetryCondition(filter)
            if let after {
                // The form that both servers answer from the index.
                condition.add(
                    "first_failed_at >= ? AND (first_failed_at > ? OR op_id > ?)",
                    [.time(after.firstFailedAt), .time(after.firstFailedAt), .text(after.opId)])
            }
            return try connection.rows(
                """
                SELECT \(MySQLRetryRow.columns()) FROM trustlog_retry WHERE \(condition.sql)
                ORDER BY first_failed_at, op_id LIMIT ?
                """, condition.values + [.integer(Int64(max(limit, 0)))]
            ) { row in MySQLRetryRow.read(row) }.compactMap(\.self)
        }
    }

    package func requeueRetries(_ filter: RetryFilter) async throws(StoreError) -> Int {
        let condition = RetryCondition(filter)
        return try await outcomes.run { connection throws(MySQLFailure) in
            try connection.transaction { connection throws(MySQLFailure) in
                let changed = try connection.run(
                    """
                    UPDATE trustlog_retry SET retry_status = 'PENDING', retry_count = 0,
                        next_retry_at = UTC_TIMESTAMP(6), updated_at = UTC_TIMESTAMP(6) WHERE \(condition.sql)
                    """, condition.values)
                return filter.includesUnlisted ? try changed + connection.listFailed(filter.opIds) : changed
            }
        }
    }

    package func discardRetries(_ filter: RetryFilter) async throws(StoreError) -> Int {
        let condition = RetryCondition(filter)
        return try await outcomes.run { connection throws(MySQLFailure) in
            try connection.transaction { connection throws(MySQLFailure) in
                // Locked first: what is discarded is what is deleted.
                let opIds = try connection.rows(
                    "SELECT op_id FROM trustlog_retry WHERE \(condition.sql) FOR UPDATE", condition.values
                ) { row in row.text(0) ?? "" }
                for opId in opIds {
                    try connection.run(
                        """
                        UPDATE operation SET trustlog_status = 'DISCARDED'
                        WHERE op_id = ? AND trustlog_status <> 'TRUSTLOGGED'
                        """, [.text(opId)])
                    try connection.run("DELETE FROM trustlog_retry WHERE op_id = ?", [.text(opId)])
                }
                return opIds.count
            }
        }
    }
}

extension MySQLConnection {
    /// Gives operations that are `FAILED` without a row of `trustlog_retry` one, due at once.
    fileprivate func listFailed(_ opIds: [String]?) throws(MySQLFailure) -> Int {
        if opIds?.isEmpty == true { return 0 }
        let list = opIds.map { "AND o.op_id IN (\($0.map { _ in "?" }.joined(separator: ", ")))" } ?? ""
        let index = opIds == nil ? "FORCE INDEX (operation_waiting)" : ""
        return try run(
            """
            INSERT IGNORE INTO trustlog_retry (op_id, retry_status, retry_count, next_retry_at, last_error)
            SELECT o.op_id, 'PENDING', 0, UTC_TIMESTAMP(6), '\(RetryFilter.unlistedReason)'
            FROM operation o \(index) LEFT JOIN trustlog_retry r ON r.op_id = o.op_id
            WHERE o.trustlog_status = 'FAILED' AND r.op_id IS NULL \(list)
            """, (opIds ?? []).map { .text($0) })
    }
}

/// A filter as SQL.
private struct RetryCondition {
    private(set) var sql = "TRUE"
    private(set) var values: [MySQLValue] = []

    init(_ filter: RetryFilter) {
        if let opIds = filter.opIds {
            let list = opIds.isEmpty ? "NULL" : opIds.map { _ in "?" }.joined(separator: ", ")
            add("op_id IN (\(list))", opIds.map { .text($0) })
        }
        if filter.onlyDeadLetters { add("retry_status = 'DEAD_LETTER'", []) }
        if let text = filter.errorContains { add("LOCATE(?, COALESCE(last_error, '')) > 0", [.text(text)]) }
        if let age = filter.olderThan {
            add("first_failed_at < UTC_TIMESTAMP(6) - INTERVAL ? MICROSECOND", [.integer(age.wholeMicroseconds)])
        }
    }

    mutating func add(_ condition: String, _ values: [MySQLValue]) {
        sql += " AND \(condition)"
        self.values += values
    }
}

/// How a row of `trustlog_retry` is read.
enum MySQLRetryRow {
    static func columns(prefix: String = "") -> String {
        ["op_id", "retry_status", "retry_count", "next_retry_at", "last_error", "first_failed_at", "updated_at"]
            .map { prefix + $0 }.joined(separator: ", ")
    }

    /// The columns of ``columns(prefix:)`` from `first` on; `nil` where the identity is NULL.
    static func read(_ row: MySQLRow, first: Int = 0) -> RetryRow? {
        guard let opId = row.text(first) else { return nil }
        return RetryRow(
            opId: opId, status: row.text(first + 1).flatMap(RetryRow.Status.init) ?? .pending,
            retryCount: row.count(first + 2), nextRetryAt: row.time(first + 3), lastError: row.text(first + 4),
            firstFailedAt: row.time(first + 5) ?? .unknownMySQLTime, updatedAt: row.time(first + 6) ?? .unknownMySQLTime
        )
    }
}
