import TrustlogCore

extension MySQLStore {
    package func statistics() async throws(StoreError) -> StoreStatistics {
        try await control.run { connection throws(MySQLFailure) in
            try connection.snapshot { connection throws(MySQLFailure) in
                try connection.statistics()
            }
        }
    }
}

extension MySQLConnection {
    static let countWaiting = """
        SELECT count(*) FROM operation FORCE INDEX (operation_waiting) WHERE trustlog_status = 'NOT_TRUSTLOGGED'
        """

    static let countRetries = """
        SELECT count(*), COALESCE(SUM(next_retry_at <= UTC_TIMESTAMP(6)), 0), UTC_TIMESTAMP(6)
        FROM trustlog_retry FORCE INDEX (trustlog_retry_due) WHERE retry_status = 'PENDING'
        """

    /// Also those that somebody left without a row of `trustlog_retry`.
    static let countFailed = """
        SELECT count(*), MIN(o.recorded_at) FROM operation o FORCE INDEX (operation_waiting)
        LEFT JOIN trustlog_retry r ON r.op_id = o.op_id
        WHERE o.trustlog_status = 'FAILED' AND (r.op_id IS NULL OR r.retry_status <> 'DEAD_LETTER')
        """

    static let countDeadLetters = """
        SELECT COALESCE(last_error, ''), count(*) FROM trustlog_retry FORCE INDEX (trustlog_retry_due)
        WHERE retry_status = 'DEAD_LETTER' GROUP BY 1 ORDER BY 2 DESC, 1
        """

    /// The first in the order of `seq` has waited longest, but for rows inserted side by side: some more are looked at.
    static let oldestWaiting = """
        SELECT MIN(recorded_at) FROM (
            SELECT recorded_at FROM operation FORCE INDEX (operation_waiting)
            WHERE trustlog_status = 'NOT_TRUSTLOGGED' ORDER BY seq LIMIT 100) AS first_rows
        """

    fileprivate func statistics() throws(MySQLFailure) -> StoreStatistics {
        var statistics = StoreStatistics(
            unlogged: 0, oldestUnlogged: nil, databaseTime: .unknownMySQLTime, retriesPending: 0, retriesDue: 0,
            deadLetters: 0, deadLetterReasons: [])
        try forEach(Self.countWaiting) { row in statistics.unlogged = row.count(0) }
        try forEach(Self.oldestWaiting) { row in statistics.oldestUnlogged = row.time(0) }
        try forEach(Self.countRetries) { row in
            statistics.retriesPending = row.count(0)
            statistics.retriesDue = row.count(1)
            statistics.databaseTime = row.time(2) ?? .now()
        }
        try forEach(Self.countFailed) { row in
            statistics.unlogged += row.count(0)
            statistics.oldestUnlogged = [statistics.oldestUnlogged, row.time(1)].compactMap(\.self).min()
        }
        try forEach(Self.countDeadLetters) { row in
            statistics.deadLetters += row.count(1)
            if statistics.deadLetterReasons.count < 20 {
                statistics.deadLetterReasons.append((row.text(0) ?? "", row.count(1)))
            }
        }
        return statistics
    }
}
