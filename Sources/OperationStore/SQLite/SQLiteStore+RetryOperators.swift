import TrustlogCore

extension SQLiteStore {
    package func retries(
        _ filter: RetryFilter, after: RetryPageKey?, limit: Int
    ) async throws(StoreError) -> [RetryRow] {
        try await reading.run { connection throws(SQLiteFailure) in
            try connection.snapshot { connection throws(SQLiteFailure) in
                var rows: [RetryRow] = []
                for condition in RetryCondition.all(filter, now: .now()) {
                    rows += try connection.retries(condition, after: after, limit: max(limit, 0))
                }
                rows.sort(by: RetryRow.isFailingLonger)
                return Array(rows.prefix(max(limit, 0)))
            }
        }
    }

    package func requeueRetries(_ filter: RetryFilter) async throws(StoreError) -> Int {
        try await writer.run { connection throws(SQLiteFailure) in
            try connection.transaction { connection throws(SQLiteFailure) in
                let now = Timestamp.now()
                var changed = 0
                for condition in RetryCondition.all(filter, now: now) {
                    changed += try connection.run(
                        """
                        UPDATE trustlog_retry SET retry_status = 'PENDING', retry_count = 0, next_retry_at = ?5,
                            updated_at = ?5 WHERE \(condition.sql)
                        """, condition.values + [.time(now)])
                }
                guard filter.includesUnlisted else { return changed }
                for opId in filter.opIds.map({ $0.map(Optional.some) }) ?? [nil] {
                    changed += try connection.run(
                        """
                        INSERT INTO trustlog_retry (op_id, retry_status, retry_count, next_retry_at, last_error)
                        SELECT op_id, 'PENDING', 0, ?2, '\(RetryFilter.unlistedReason)' FROM operation
                        WHERE trustlog_status = 'FAILED' AND (?1 IS NULL OR op_id = ?1)
                            AND NOT EXISTS (SELECT 1 FROM trustlog_retry r WHERE r.op_id = operation.op_id)
                        """, [.text(opId), .time(now)])
                }
                return changed
            }
        }
    }

    package func discardRetries(_ filter: RetryFilter) async throws(StoreError) -> Int {
        try await writer.run { connection throws(SQLiteFailure) in
            try connection.transaction { connection throws(SQLiteFailure) in
                var deleted = 0
                for condition in RetryCondition.all(filter, now: .now()) {
                    try connection.run(
                        """
                        UPDATE operation SET trustlog_status = 'DISCARDED'
                        WHERE op_id IN (SELECT op_id FROM trustlog_retry WHERE \(condition.sql))
                            AND trustlog_status <> 'TRUSTLOGGED'
                        """, condition.values)
                    deleted += try connection.run(
                        "DELETE FROM trustlog_retry WHERE \(condition.sql)", condition.values)
                }
                return deleted
            }
        }
    }
}

/// A filter as SQL, or as one of several whose rows together are the filter's.
private struct RetryCondition {
    var sql: String
    /// The parameters ?1 to ?4.
    var values: [SQLiteValue]

    static func all(_ filter: RetryFilter, now: Timestamp) -> [RetryCondition] {
        let cutoff = filter.olderThan.map { now.advanced(by: .zero - $0) }
        let rest: [SQLiteValue] = [
            .integer(filter.onlyDeadLetters ? 1 : 0), .text(filter.errorContains), .text(cutoff?.rfc3339),
        ]
        let conditions = """
            (?2 = 0 OR retry_status = 'DEAD_LETTER') AND (?3 IS NULL OR instr(last_error, ?3) > 0)
                AND (?4 IS NULL OR replace(first_failed_at, ' ', 'T') < ?4)
            """
        guard let opIds = filter.opIds else {
            return [RetryCondition(sql: "?1 IS NULL AND \(conditions)", values: [.null] + rest)]
        }
        return Set(opIds.map(ExactText.init)).map { opId in
            RetryCondition(sql: "op_id = ?1 AND \(conditions)", values: [.text(opId.string)] + rest)
        }
    }
}

extension RetryRow {
    fileprivate static func isFailingLonger(_ left: RetryRow, _ right: RetryRow) -> Bool {
        left.firstFailedAt != right.firstFailedAt
            ? left.firstFailedAt < right.firstFailedAt
            : left.opId.utf8.lexicographicallyPrecedes(right.opId.utf8)
    }

    /// The columns of ``retryColumns`` from `first` on; `nil` where the identity is NULL.
    init?(_ row: SQLiteStatement, first: Int = 0) {
        guard let opId = row.repairedText(first) else { return nil }
        self.init(
            opId: opId, status: row.text(first + 1).flatMap(Status.init) ?? .pending,
            retryCount: Int(clamping: row.integer(first + 2) ?? 0), nextRetryAt: row.time(first + 3),
            lastError: row.repairedText(first + 4), firstFailedAt: row.time(first + 5) ?? .epoch,
            updatedAt: row.time(first + 6) ?? .epoch)
    }

    static func retryColumns(prefix: String = "") -> String {
        ["op_id", "retry_status", "retry_count", "next_retry_at", "last_error", "first_failed_at", "updated_at"]
            .map { prefix + $0 }.joined(separator: ", ")
    }
}

extension Timestamp {
    /// Stands for a time that somebody wrote in a form that cannot be read.
    static let epoch = Timestamp(microseconds: 0)
}

extension SQLiteConnection {
    /// Rows that match a condition (parameters ?1 to ?4) after a place in the order (?5, ?6), at most ?7.
    static func retryPage(where condition: String) -> String {
        """
        SELECT \(RetryRow.retryColumns()) FROM trustlog_retry
        WHERE \(condition) AND (replace(first_failed_at, ' ', 'T'), op_id) > (?5, ?6)
        ORDER BY replace(first_failed_at, ' ', 'T'), op_id LIMIT ?7
        """
    }

    fileprivate func retries(
        _ condition: RetryCondition, after: RetryPageKey?, limit: Int
    ) throws(SQLiteFailure) -> [RetryRow] {
        try rows(
            Self.retryPage(where: condition.sql),
            condition.values + [
                .text(after?.firstFailedAt.rfc3339 ?? ""), .text(after?.opId ?? ""), .integer(limit),
            ]
        ) { row in RetryRow(row) }.compactMap(\.self)
    }
}
