import TrustlogCore

extension PostgreSQLStore {
    package func retries(
        _ filter: RetryFilter, after: RetryPageKey?, limit: Int
    ) async throws(StoreError) -> [RetryRow] {
        var condition = RetryCondition(filter)
        if let after { condition.require(after) }
        let limit = condition.parameter(.integer(Int64(max(limit, 0))))
        return try await reading.run { [condition] connection throws(PostgreSQLFailure) in
            try connection.queryOnce(
                """
                SELECT \(RetryRow.postgreSQLColumns(prefix: "r.")) FROM trustlog_retry r WHERE \(condition.sql)
                ORDER BY r.first_failed_at, r.op_id LIMIT \(limit)
                """, condition.values
            ).rows.compactMap { row in RetryRow(row) }
        }
    }

    package func requeueRetries(_ filter: RetryFilter) async throws(StoreError) -> Int {
        let condition = RetryCondition(filter)
        return try await outcomes.run { connection throws(PostgreSQLFailure) in
            try connection.transaction { connection throws(PostgreSQLFailure) in
                let changed = try connection.queryOnce(
                    """
                    UPDATE trustlog_retry r SET retry_status = 'PENDING', retry_count = 0, next_retry_at = now(),
                        updated_at = now() WHERE \(condition.sql)
                    """, condition.values
                ).affectedCount
                guard filter.includesUnlisted else { return changed }
                let named = filter.opIds.map { [PostgreSQLValue.texts($0.filter { !$0.hasNull })] } ?? []
                return try changed
                    + connection.queryOnce(
                        """
                        INSERT INTO trustlog_retry (op_id, retry_status, retry_count, next_retry_at, last_error)
                        SELECT o.op_id, 'PENDING', 0, now(), '\(RetryFilter.unlistedReason)' FROM operation o
                        WHERE o.trustlog_status = 'FAILED' \(named.isEmpty ? "" : "AND o.op_id = ANY($1)")
                            AND NOT EXISTS (SELECT FROM trustlog_retry r WHERE r.op_id = o.op_id)
                        ON CONFLICT DO NOTHING
                        """, named
                    ).affectedCount
            }
        }
    }

    package func discardRetries(_ filter: RetryFilter) async throws(StoreError) -> Int {
        let condition = RetryCondition(filter)
        return try await outcomes.run { connection throws(PostgreSQLFailure) in
            try connection.queryOnce(
                """
                WITH gone AS (
                    DELETE FROM trustlog_retry r WHERE \(condition.sql) RETURNING r.op_id
                ), marked AS (
                    UPDATE operation o SET trustlog_status = 'DISCARDED' FROM gone
                    WHERE o.op_id = gone.op_id AND o.trustlog_status <> 'TRUSTLOGGED'
                )
                SELECT count(*) FROM gone
                """, condition.values
            ).first?.count(0) ?? 0
        }
    }
}

/// A filter on the row `r` as SQL, which holds only what is asked for: each part may then be answered by an index.
private struct RetryCondition {
    private var parts = ["true"]
    private(set) var values: [PostgreSQLValue] = []

    var sql: String { parts.joined(separator: " AND ") }

    init(_ filter: RetryFilter) {
        if let opIds = filter.opIds {
            // No row has an identity with U+0000.
            parts.append("r.op_id = ANY(\(parameter(.texts(opIds.filter { !$0.hasNull }))))")
        }
        if filter.onlyDeadLetters { parts.append("r.retry_status = 'DEAD_LETTER'") }
        if let text = filter.errorContains { parts.append("strpos(r.last_error, \(parameter(.message(text)))) > 0") }
        if let age = filter.olderThan {
            parts.append("r.first_failed_at < now() - make_interval(secs => \(parameter(.seconds(age))))")
        }
    }

    mutating func require(_ after: RetryPageKey) {
        let time = parameter(.time(after.firstFailedAt))
        parts.append("(r.first_failed_at, r.op_id) > (\(time), \(parameter(.message(after.opId))))")
    }

    /// Adds a parameter and returns its name in the SQL.
    mutating func parameter(_ value: PostgreSQLValue) -> String {
        values.append(value)
        return "$\(values.count)"
    }
}

extension RetryRow {
    static func postgreSQLColumns(prefix: String) -> String {
        ["op_id", "retry_status", "retry_count", "next_retry_at", "last_error", "first_failed_at", "updated_at"]
            .map { prefix + $0 }.joined(separator: ", ")
    }

    /// The columns of ``postgreSQLColumns(prefix:)`` from `first` on; `nil` where there is no such row.
    init?(_ row: PostgreSQLRow, first: Int = 0) {
        guard let opId = row.text(first), let status = row.text(first + 1).flatMap(Status.init) else { return nil }
        self.init(
            opId: opId, status: status, retryCount: row.count(first + 2), nextRetryAt: row.time(first + 3),
            lastError: row.text(first + 4), firstFailedAt: row.time(first + 5) ?? Timestamp(microseconds: 0),
            updatedAt: row.time(first + 6) ?? Timestamp(microseconds: 0))
    }
}
