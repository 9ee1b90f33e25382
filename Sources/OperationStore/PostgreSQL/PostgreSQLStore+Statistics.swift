import TrustlogCore

extension PostgreSQLStore {
    package func statistics() async throws(StoreError) -> StoreStatistics {
        try await reading.run { connection throws(PostgreSQLFailure) in
            try connection.transaction("ISOLATION LEVEL REPEATABLE READ READ ONLY") {
                connection throws(PostgreSQLFailure) in
                try connection.statistics()
            }
        }
    }
}

extension PostgreSQLStatements {
    static let countWaiting = "SELECT count(*) FROM operation WHERE trustlog_status = 'NOT_TRUSTLOGGED'"

    /// The time is not in the index. It grows with `seq` but for transactions that ran side by side: the oldest is among the
    /// first rows.
    static let oldestWaiting = """
        SELECT min(recorded_at) FROM (
            SELECT recorded_at FROM operation WHERE trustlog_status = 'NOT_TRUSTLOGGED' ORDER BY seq LIMIT 1000) o
        """

    static let countRetries = """
        SELECT count(*), count(*) FILTER (WHERE r.next_retry_at <= now())
        FROM trustlog_retry r WHERE r.retry_status = 'PENDING'
        """

    /// Also those that somebody left without a row of `trustlog_retry`.
    static let countFailed = """
        SELECT count(*), min(o.recorded_at) FROM operation o LEFT JOIN trustlog_retry r ON r.op_id = o.op_id
        WHERE o.trustlog_status = 'FAILED' AND r.retry_status IS DISTINCT FROM 'DEAD_LETTER'
        """

    static let countDeadLetters = """
        SELECT coalesce(last_error, ''), count(*), (sum(count(*)) OVER ())::bigint FROM trustlog_retry
        WHERE retry_status = 'DEAD_LETTER' GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 20
        """
}

extension PostgreSQLConnection {
    fileprivate func statistics() throws(PostgreSQLFailure) -> StoreStatistics {
        let totals = try query(
            """
            SELECT now(), (\(PostgreSQLStatements.countWaiting)), (\(PostgreSQLStatements.oldestWaiting)), r.*, f.*
            FROM (\(PostgreSQLStatements.countRetries)) r, (\(PostgreSQLStatements.countFailed)) f
            """)
        guard let row = totals.first, let now = row.time(0) else {
            throw .lost("the server answered without the row that was asked for")
        }
        let deadLetters = try query(PostgreSQLStatements.countDeadLetters)
        return StoreStatistics(
            unlogged: row.count(1) + row.count(5),
            oldestUnlogged: [row.time(2), row.time(6)].compactMap(\.self).min(), databaseTime: now,
            retriesPending: row.count(3), retriesDue: row.count(4), deadLetters: deadLetters.first?.count(2) ?? 0,
            deadLetterReasons: deadLetters.rows.map { (reason: $0.text(0) ?? "", count: $0.count(1)) })
    }
}
