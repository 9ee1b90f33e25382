package import TrustlogCore

extension SQLiteStore {
    package func bounds() async throws(StoreError) -> ClosedRange<Int64>? {
        try await reading.run { connection throws(SQLiteFailure) in
            try connection.bounds()
        }
    }

    package func sequence(recordedAtOrAfter time: Timestamp) async throws(StoreError) -> Int64? {
        try await reading.run { connection throws(SQLiteFailure) in
            try connection.snapshot { connection throws(SQLiteFailure) in
                try connection.sequence(recordedAtOrAfter: time)
            }
        }
    }

    package func operation(opId: String) async throws(StoreError) -> OperationDetail? {
        try await reading.run { connection throws(SQLiteFailure) in
            let found = try connection.first(SQLiteConnection.selectDetail, [.text(opId)]) { row in
                OperationDetail(row)
            }
            return found ?? nil
        }
    }

    package func operations(
        in range: ClosedRange<Int64>, limit: Int, byteLimit: Int
    ) async throws(StoreError) -> [StoredRow] {
        try await reading.run { connection throws(SQLiteFailure) in
            try connection.page(
                SQLiteConnection.rowsInRange,
                [.integer(range.lowerBound), .integer(range.upperBound), .integer(max(limit, 0))],
                byteLimit: byteLimit)
        }
    }

    package func count(in range: ClosedRange<Int64>) async throws(StoreError) -> Int {
        try await reading.run { connection throws(SQLiteFailure) in
            let count = try connection.first(
                "SELECT count(*) FROM operation WHERE seq BETWEEN ?1 AND ?2",
                [.integer(range.lowerBound), .integer(range.upperBound)]
            ) { row in row.integer(0) }
            return Int(clamping: (count ?? 0) ?? 0)
        }
    }
}

extension SQLiteConnection {
    static let rowsInRange =
        "SELECT \(OperationColumn.list()) FROM operation WHERE seq BETWEEN ?1 AND ?2 ORDER BY seq LIMIT ?3"

    static let selectDetail = """
        SELECT o.trustlog_status, o.trustlogged_at, o.trustlog_partition, o.trustlog_offset,
            \(RetryRow.retryColumns(prefix: "r.")), \(OperationColumn.list(prefix: "o."))
        FROM operation o LEFT JOIN trustlog_retry r ON r.op_id = o.op_id WHERE o.op_id = ?1
        """

    fileprivate func bounds() throws(SQLiteFailure) -> ClosedRange<Int64>? {
        // Two subqueries: SQLite finds one end of a table at once, but both together by a scan.
        let ends = try first("SELECT (SELECT min(seq) FROM operation), (SELECT max(seq) FROM operation)") { row in
            (row.integer(0), row.integer(1))
        }
        guard case .some((.some(let lowest), .some(let highest))) = ends, lowest <= highest else { return nil }
        return lowest...highest
    }

    /// `recorded_at` of the last row up to `seq`.
    func recordedAt(atOrBefore seq: Int64) throws(SQLiteFailure) -> Timestamp? {
        let time = try first(
            "SELECT recorded_at FROM operation WHERE seq <= ?1 ORDER BY seq DESC LIMIT 1", [.integer(seq)]
        ) { row in row.time(0) }
        return time ?? nil
    }

    /// Halves the table by `seq`: the database writes rows one after another, so both grow together, and an index on the
    /// time would cost every insert.
    fileprivate func sequence(recordedAtOrAfter time: Timestamp) throws(SQLiteFailure) -> Int64? {
        guard let bounds = try bounds() else { return nil }
        var (low, high) = (bounds.lowerBound, bounds.upperBound)
        var found: Int64?
        while low <= high {
            let middle = low + (high - low) / 2
            let row = try first(
                "SELECT seq, recorded_at FROM operation WHERE seq >= ?1 ORDER BY seq LIMIT 1", [.integer(middle)]
            ) { row in (seq: row.integer(0), recordedAt: row.time(1)) }
            guard let row, let seq = row.seq, seq <= high else {
                // Nothing but gaps from the middle on.
                high = middle - 1
                continue
            }
            if let recordedAt = row.recordedAt, recordedAt >= time {
                found = seq
                high = middle - 1
            } else {
                low = seq + 1
            }
        }
        return found
    }
}

extension OperationDetail {
    /// The columns of ``SQLiteConnection/selectDetail``.
    init?(_ row: SQLiteStatement) {
        guard let stored = SQLiteRow(statement: row, first: 11).storedRow(),
            let status = row.text(0).flatMap(OperationStatus.init)
        else { return nil }
        self.init(
            row: stored, status: status, trustloggedAt: row.time(1),
            partition: row.integer(2).flatMap { Int32(exactly: $0) }, offset: row.integer(3),
            retry: RetryRow(row, first: 4))
    }
}
