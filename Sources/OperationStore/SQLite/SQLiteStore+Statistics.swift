import TrustlogCore

extension SQLiteStore {
    package func statistics() async throws(StoreError) -> StoreStatistics {
        try await reading.run { connection throws(SQLiteFailure) in
            try connection.snapshot { connection throws(SQLiteFailure) in
                try connection.statistics()
            }
        }
    }

    package func operationCounts() async throws(StoreError) -> OperationCounts {
        try await reading.run { connection throws(SQLiteFailure) in
            let counts = try connection.first(SQLiteConnection.countOperations) { row in
                (0..<5).map { Int(clamping: row.integer($0) ?? 0) }
            }
            let found = counts ?? Array(repeating: 0, count: 5)
            return OperationCounts(
                total: found[0],
                others: [.notTrustlogged: found[1], .failed: found[2], .notRequired: found[3], .discarded: found[4]])
        }
    }
}

extension SQLiteConnection {
    static let countOperations = """
        SELECT (SELECT count(*) FROM operation),
            (SELECT count(*) FROM operation WHERE trustlog_status = 'NOT_TRUSTLOGGED'),
            (SELECT count(*) FROM operation WHERE trustlog_status = 'FAILED'),
            (SELECT count(*) FROM operation WHERE \(isAside) AND trustlog_status = 'NOT_REQUIRED'),
            (SELECT count(*) FROM operation WHERE \(isAside) AND trustlog_status = 'DISCARDED')
        """

    /// As the index `operation_aside` has it: without these very words SQLite does not take it.
    private static let isAside = "(trustlog_status = 'NOT_REQUIRED' OR trustlog_status = 'DISCARDED')"

    /// One pass over the partial index, which holds both columns.
    static let countWaiting = """
        SELECT count(*), min(replace(recorded_at, ' ', 'T')) FROM operation INDEXED BY operation_waiting
        WHERE trustlog_status = 'NOT_TRUSTLOGGED'
        """

    static let countRetries = """
        SELECT count(*), coalesce(sum(replace(next_retry_at, ' ', 'T') <= ?1), 0)
        FROM trustlog_retry INDEXED BY trustlog_retry_due WHERE retry_status = 'PENDING'
        """

    /// Also those that somebody left without a row of `trustlog_retry`.
    static let countFailed = """
        SELECT count(*), min(replace(o.recorded_at, ' ', 'T')) FROM operation o
        LEFT JOIN trustlog_retry r ON r.op_id = o.op_id
        WHERE o.trustlog_status = 'FAILED' AND r.retry_status IS NOT 'DEAD_LETTER'
        """

    static let countDeadLetters = """
        SELECT coalesce(last_error, ''), count(*) FROM trustlog_retry INDEXED BY trustlog_retry_due
        WHERE retry_status = 'DEAD_LETTER' GROUP BY last_error ORDER BY count(*) DESC, last_error
        """

    fileprivate func statistics() throws(SQLiteFailure) -> StoreStatistics {
        let now = Timestamp.now()
        var statistics = StoreStatistics(
            unlogged: 0, oldestUnlogged: nil, databaseTime: now, retriesPending: 0, retriesDue: 0, deadLetters: 0,
            deadLetterReasons: [])
        try forEach(Self.countWaiting) { row in
            statistics.unlogged = row.count(0)
            statistics.oldestUnlogged = row.time(1)
            return true
        }
        try forEach(Self.countRetries, [.time(now)]) { row in
            statistics.retriesPending = row.count(0)
            statistics.retriesDue = row.count(1)
            return true
        }
        try forEach(Self.countFailed) { row in
            statistics.unlogged += row.count(0)
            statistics.oldestUnlogged = [statistics.oldestUnlogged, row.time(1)].compactMap(\.self).min()
            return true
        }
        try forEach(Self.countDeadLetters) { row in
            statistics.deadLetters += row.count(1)
            if statistics.deadLetterReasons.count < 20 {
                statistics.deadLetterReasons.append((row.repairedText(0) ?? "", row.count(1)))
            }
            return true
        }
        return statistics
    }
}

extension SQLiteStatement {
    fileprivate func count(_ column: Int) -> Int {
        Int(clamping: integer(column) ?? 0)
    }
}
