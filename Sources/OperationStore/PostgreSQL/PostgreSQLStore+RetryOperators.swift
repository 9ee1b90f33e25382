import TrustlogCore

extension PostgreSQLStore {
    package func retries(
        _ filter: RetryFilter, after: RetryPageKey?, limit: Int
    ) async throws(StoreError) -> [RetryRow] {
        try await reading.run { connection throws(PostgreSQLFailure) in
            try connection.queryOnce(
                """
                SELECT \(RetryRow.postgreSQLColumns(prefix: "r.")) FROM trustlog_retry r
                WHERE \(filter.condition) AND ($5::timestamptz IS NULL OR (r.first_failed_at, r.op_id) > ($5, $6))
                ORDER BY r.first_failed_at, r.op_id LIMIT $7
                """,
                filter.values + [
                    .time(after?.firstFailedAt), .message(after?.opId), .integer(Int64(max(limit, 0))),
                ]
            ).rows.compactMap { row in RetryRow(row) }
        }
    }

    package func requeueRetries(_ filter: RetryFilter) async throws(StoreError) -> Int {
        try await outcomes.run { connection throws(PostgreSQLFailure) in
            try connection.queryOnce(
                """
                UPDATE trustlog_retry r SET retry_status = 'PENDING', retry_count = 0, next_retry_at = now(),
                    updated_at = now() WHERE \(filter.condition)
                """, filter.values
            ).affectedCount
        }
    }

    package func discardRetries(_ filter: RetryFilter) async throws(StoreError) -> Int {
        try await outcomes.run { connection throws(PostgreSQLFailure) in
            try connection.queryOnce(
                """
                WITH gone AS (
                    DELETE FROM trustlog_retry r WHERE \(filter.condition) RETURNING r.op_id
                ), marked AS (
                    UPDATE operation o SET trustlog_status = 'DISCARDED' FROM gone
                    WHERE o.op_id = gone.op_id AND o.trustlog_status <> 'TRUSTLOGGED'
                )
                SELECT count(*) FROM gone
                """, filter.values
            ).first?.count(0) ?? 0
        }
    }
}

extension RetryFilter {
    /// On the row `r`, with the parameters $1 to $4.
    fileprivate var condition: String {
        """
        ($1::text[] IS NULL OR r.op_id = ANY($1)) AND (NOT $2 OR r.retry_status = 'DEAD_LETTER')
            AND ($3::text IS NULL OR strpos(r.last_error, $3) > 0)
            AND ($4::float8 IS NULL OR r.first_failed_at < now() - make_interval(secs => $4))
        """
    }

    fileprivate var values: [PostgreSQLValue] {
        // No row has an identity or an error with U+0000.
        let opIds = opIds.map { $0.filter { !$0.hasNull } }
        return [
            opIds.map { .texts($0) } ?? PostgreSQLValue(type: .textArray, bytes: nil),
            .bool(onlyDeadLetters), .message(errorContains), .seconds(olderThan),
        ]
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
