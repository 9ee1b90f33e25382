package import TrustlogCore

extension MySQLStore {
    package func bounds() async throws(StoreError) -> ClosedRange<Int64>? {
        try await control.run { connection throws(MySQLFailure) in try connection.bounds() }
    }

    package func sequence(recordedAtOrAfter time: Timestamp) async throws(StoreError) -> Int64? {
        try await control.run { connection throws(MySQLFailure) in
            try connection.snapshot { connection throws(MySQLFailure) in
                try connection.sequence(recordedAtOrAfter: time)
            }
        }
    }

    package func operation(opId: String) async throws(StoreError) -> OperationDetail? {
        try await control.run { connection throws(MySQLFailure) in
            let found = try connection.first(MySQLConnection.selectDetail, [.text(opId)]) { row in
                OperationDetail(row)
            }
            return found ?? nil
        }
    }

    package func operations(
        in range: ClosedRange<Int64>, limit: Int, byteLimit: Int
    ) async throws(StoreError) -> [StoredRow] {
        try await control.run { connection throws(MySQLFailure) in
            let (after, underflow) = range.lowerBound.subtractingReportingOverflow(1)
            return try connection.page(
                MySQLConnection.rowsInRange, after: underflow ? .min : after, limit: limit, byteLimit: byteLimit,
                [.integer(range.upperBound)])
        }
    }

    package func count(in range: ClosedRange<Int64>) async throws(StoreError) -> Int {
        try await control.run { connection throws(MySQLFailure) in
            try connection.first(
                "SELECT count(*) FROM operation WHERE seq BETWEEN ? AND ?",
                [.integer(range.lowerBound), .integer(range.upperBound)]
            ) { row in row.count(0) } ?? 0
        }
    }

    package func operationCounts() async throws(StoreError) -> OperationCounts {
        try await control.run { connection throws(MySQLFailure) in
            var byStatus: [OperationStatus: Int] = [:]
            try connection.forEach(MySQLConnection.countOperations) { row in
                if let status = row.text(0).flatMap(OperationStatus.init) { byStatus[status] = row.count(1) }
            }
            return OperationCounts(byStatus: byStatus)
        }
    }
}

extension MySQLConnection {
    static let countOperations = """
        SELECT trustlog_status, count(*) FROM operation FORCE INDEX (operation_waiting) GROUP BY trustlog_status
        """

    static let rowsInRange =
        "SELECT \(OperationColumn.list()) FROM operation WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT ?"

    static let selectDetail = "\(selectDetails) WHERE o.op_id = ?"

    static let selectDetails = """
        SELECT o.trustlog_status, o.trustlogged_at, o.trustlog_partition, o.trustlog_offset,
            \(MySQLRetryRow.columns(prefix: "r.")), \(OperationColumn.list(prefix: "o."))
        FROM operation o LEFT JOIN trustlog_retry r ON r.op_id = o.op_id
        """

    fileprivate func bounds() throws(MySQLFailure) -> ClosedRange<Int64>? {
        let ends = try first("SELECT min(seq), max(seq) FROM operation") { row in (row.integer(0), row.integer(1)) }
        guard case .some((.some(let lowest), .some(let highest))) = ends, lowest <= highest else { return nil }
        return lowest...highest
    }

    /// How many rows `recorded_at` may be out of order with `seq` and still be found: far more than run side by side.
    private static let disorder: Int64 = 10_000

    /// Halves the table by `seq`, because an index on the time would cost every insert: both grow together, but for rows
    /// inserted side by side, which the steps back take into account.
    fileprivate func sequence(recordedAtOrAfter time: Timestamp) throws(MySQLFailure) -> Int64? {
        guard let bounds = try bounds() else { return nil }
        var low = bounds.lowerBound
        var high = bounds.upperBound
        while low < high {
            let middle = low + (high - low) / 2
            let row = try first(
                "SELECT seq, recorded_at FROM operation WHERE seq >= ? ORDER BY seq LIMIT 1", [.integer(middle)]
            ) { row in (seq: row.integer(0), recordedAt: row.time(1)) }
            if let seq = row?.seq, seq < high, let recordedAt = row?.recordedAt, recordedAt < time {
                low = seq + 1
            } else {
                high = middle
            }
        }
        var found = try lowest(in: low...bounds.upperBound, recordedAtOrAfter: time)
        var end = low
        while end > bounds.lowerBound {
            let start = max(bounds.lowerBound, end - Self.disorder)
            guard let earlier = try lowest(in: start...(end - 1), recordedAtOrAfter: time) else { break }
            found = earlier
            end = start
        }
        return found
    }

    private func lowest(
        in range: ClosedRange<Int64>, recordedAtOrAfter time: Timestamp
    ) throws(MySQLFailure) -> Int64? {
        let seq = try first(
            "SELECT seq FROM operation WHERE seq BETWEEN ? AND ? AND recorded_at >= ? ORDER BY seq LIMIT 1",
            [.integer(range.lowerBound), .integer(range.upperBound), .time(time)]
        ) { row in row.integer(0) }
        return seq ?? nil
    }
}

extension OperationDetail {
    /// The columns of ``MySQLConnection/selectDetail``.
    init?(_ row: MySQLRow) {
        guard let stored = MySQLOperationReader(row: row, first: 11).storedRow(),
            let status = row.text(0).flatMap(OperationStatus.init)
        else { return nil }
        self.init(
            row: stored, status: status, trustloggedAt: row.time(1),
            partition: row.integer(2).flatMap { Int32(exactly: $0) }, offset: row.integer(3),
            retry: MySQLRetryRow.read(row, first: 4))
    }
}
