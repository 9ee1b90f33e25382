package import TrustlogCore

extension PostgreSQLStore {
    package func bounds() async throws(StoreError) -> ClosedRange<Int64>? {
        try await reading.run { connection throws(PostgreSQLFailure) in
            try connection.bounds()
        }
    }

    package func sequence(recordedAtOrAfter time: Timestamp) async throws(StoreError) -> Int64? {
        try await reading.run { connection throws(PostgreSQLFailure) in
            try connection.transaction("ISOLATION LEVEL REPEATABLE READ READ ONLY") {
                connection throws(PostgreSQLFailure) in
                try connection.sequence(recordedAtOrAfter: time)
            }
        }
    }

    package func operation(opId: String) async throws(StoreError) -> OperationDetail? {
        if opId.hasNull { return nil }
        return try await reading.run { connection throws(PostgreSQLFailure) in
            try connection.query(
                "\(PostgreSQLStatements.selectDetails) WHERE o.op_id = $1", [.text(opId)]
            ).first.flatMap { row in OperationDetail(row) }
        }
    }

    package func operations(
        in range: ClosedRange<Int64>, limit: Int, byteLimit: Int
    ) async throws(StoreError) -> [StoredRow] {
        try await reading.run { connection throws(PostgreSQLFailure) in
            try connection.query(
                PostgreSQLStatements.rowsInRange,
                [
                    .integer(range.lowerBound), .integer(range.upperBound), .integer(Int64(max(limit, 0))),
                    .integer(Int64(max(byteLimit, 0))),
                ]
            ).storedRows()
        }
    }

    package func count(in range: ClosedRange<Int64>) async throws(StoreError) -> Int {
        try await countSlowly(
            "SELECT count(*) FROM operation WHERE seq BETWEEN $1 AND $2",
            [.integer(range.lowerBound), .integer(range.upperBound)], columns: 1)[0]
    }

    package func operationCounts() async throws(StoreError) -> OperationCounts {
        let found = try await countSlowly(PostgreSQLStatements.countOperations, [], columns: 5)
        return OperationCounts(
            total: found[0],
            others: [.notTrustlogged: found[1], .failed: found[2], .notRequired: found[3], .discarded: found[4]])
    }

    /// A large table takes longer than other statements may.
    private func countSlowly(
        _ sql: String, _ values: [PostgreSQLValue], columns: Int
    ) async throws(StoreError) -> [Int] {
        try await reading.run { connection throws(PostgreSQLFailure) in
            try connection.transaction("ISOLATION LEVEL READ COMMITTED READ ONLY") {
                connection throws(PostgreSQLFailure) in
                let limit = PostgreSQLSession.longStatementTimeout
                try connection.execute(
                    "SET LOCAL statement_timeout = '\(limit.components.seconds)s'; SET LOCAL enable_seqscan = on")
                let row = try connection.queryOnce(sql, values, limit: limit).first
                return (0..<columns).map { row?.count($0) ?? 0 }
            }
        }
    }
}

extension PostgreSQLStatements {
    static let countOperations = """
        SELECT (SELECT count(*) FROM operation),
            (\(countWaiting)),
            (SELECT count(*) FROM operation WHERE trustlog_status = 'FAILED'),
            (SELECT count(*) FROM operation WHERE trustlog_status = 'NOT_REQUIRED'),
            (SELECT count(*) FROM operation WHERE trustlog_status = 'DISCARDED')
        """

    static let rowsInRange = page(
        from: "SELECT \(OperationColumn.list()) FROM operation WHERE seq BETWEEN $1 AND $2 ORDER BY seq LIMIT $3",
        byteLimit: "$4")
}

extension PostgreSQLConnection {
    fileprivate func bounds() throws(PostgreSQLFailure) -> ClosedRange<Int64>? {
        let row = try query("SELECT min(seq), max(seq) FROM operation").first
        guard let lowest = row?.integer(0), let highest = row?.integer(1), lowest <= highest else { return nil }
        return lowest...highest
    }

    /// Halves the table by `seq`: rows are written one after another, so both grow together, and an index on the time would
    /// cost every insert.
    fileprivate func sequence(recordedAtOrAfter time: Timestamp) throws(PostgreSQLFailure) -> Int64? {
        guard let bounds = try bounds() else { return nil }
        var (low, high) = (bounds.lowerBound, bounds.upperBound)
        var found: Int64?
        while low <= high {
            let middle = low + (high - low) / 2
            let row = try query(
                "SELECT seq, recorded_at >= $2 FROM operation WHERE seq >= $1 ORDER BY seq LIMIT 1",
                [.integer(middle), .time(time)]
            ).first
            guard let row, let seq = row.integer(0), seq <= high else {
                // Nothing but gaps from the middle on.
                high = middle - 1
                continue
            }
            if row.bool(1) == true {
                found = seq
                high = middle - 1
            } else {
                low = seq + 1
            }
        }
        return found
    }
}

extension PostgreSQLStatements {
    static let selectDetails = """
        SELECT o.trustlog_status, o.trustlogged_at, o.trustlog_partition, o.trustlog_offset,
            \(RetryRow.postgreSQLColumns(prefix: "r.")), \(OperationColumn.list(prefix: "o."))
        FROM operation o LEFT JOIN trustlog_retry r ON r.op_id = o.op_id
        """
}

extension OperationDetail {
    /// The columns of ``PostgreSQLStatements/selectDetails``.
    init?(_ row: PostgreSQLRow) {
        guard let stored = PostgreSQLOperationReader(row: row, first: 11).storedRow(),
            let status = row.text(0).flatMap(OperationStatus.init)
        else { return nil }
        self.init(
            row: stored, status: status, trustloggedAt: row.time(1),
            partition: row.integer(2).flatMap { Int32(exactly: $0) }, offset: row.integer(3),
            retry: RetryRow(row, first: 4))
    }
}
