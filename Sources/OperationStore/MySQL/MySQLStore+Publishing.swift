import TrustlogCore

extension MySQLStore {
    // MARK: Discovery

    package func waiting(_ scan: WaitingScan) async throws(StoreError) -> [StoredRow] {
        try await discovery.run { connection throws(MySQLFailure) in
            try connection.page(
                MySQLConnection.waitingRows, after: scan.after, limit: scan.limit, byteLimit: scan.byteLimit,
                [
                    .integer(scan.through ?? .max), .integer(Int64(max(scan.cursorCount, 1))),
                    .integer(Int64(scan.cursor)),
                ])
        }
    }

    package func waitingSequences(_ scan: WaitingScan) async throws(StoreError) -> [Int64] {
        try await discovery.run { connection throws(MySQLFailure) in
            var sequences: [Int64] = []
            let values: [MySQLValue] = [
                .integer(scan.after), .integer(scan.through ?? .max), .integer(Int64(max(scan.cursorCount, 1))),
                .integer(Int64(scan.cursor)), .integer(Int64(max(scan.limit, 0))),
            ]
            try connection.forEach(MySQLConnection.waitingSequences, values) { row in
                if let seq = row.integer(0) { sequences.append(seq) }
            }
            return sequences
        }
    }

    // MARK: Outcomes

    @discardableResult
    package func recordAcknowledged(_ acknowledgements: [Acknowledgement]) async throws(StoreError) -> Int {
        guard !acknowledgements.isEmpty else { return 0 }
        return try await outcomes.run { connection throws(MySQLFailure) in
            try connection.setTrustlogged(acknowledgements)
        }
    }

    package func recordFailed(_ failures: [PublishFailure]) async throws(StoreError) {
        guard !failures.isEmpty else { return }
        try await outcomes.run { connection throws(MySQLFailure) in
            try connection.transaction { connection throws(MySQLFailure) in
                let now = try connection.now()
                for failure in failures { try connection.moveToRetries(failure, at: now) }
            }
        }
    }
}

extension MySQLConnection {
    /// The index serves the condition, the order and the cursor's share; the optimiser would at times rather walk along the
    /// primary key.
    static let waitingRows = """
        SELECT \(OperationColumn.list()) FROM operation FORCE INDEX (operation_waiting)
        WHERE trustlog_status = 'NOT_TRUSTLOGGED' AND seq > ? AND seq <= ? AND bucket % ? = ?
        ORDER BY seq LIMIT ?
        """

    static let waitingSequences = """
        SELECT seq FROM operation FORCE INDEX (operation_waiting)
        WHERE trustlog_status = 'NOT_TRUSTLOGGED' AND seq > ? AND seq <= ? AND bucket % ? = ?
        ORDER BY seq LIMIT ?
        """

    /// Sets `TRUSTLOGGED` for a JSON array of arrays of `seq`, partition and offset, which both servers take as a table.
    static let setTrustloggedSQL = setTrustlogged + "WHERE o.trustlog_status IN ('NOT_TRUSTLOGGED', 'FAILED')"
    /// The same after a retry: somebody may have asked for one by hand, whatever the status.
    static let setRetriedTrustloggedSQL = setTrustlogged + "WHERE o.trustlog_status <> 'TRUSTLOGGED'"

    private static let setTrustlogged = """
        UPDATE JSON_TABLE(?, '$[*]' COLUMNS (seq BIGINT PATH '$[0]', partition_id INT PATH '$[1]',
                next_offset BIGINT PATH '$[2]')) AS a
            STRAIGHT_JOIN operation AS o ON o.seq = a.seq
        SET o.trustlog_status = 'TRUSTLOGGED', o.trustlogged_at = UTC_TIMESTAMP(6),
            o.trustlog_partition = a.partition_id, o.trustlog_offset = a.next_offset

        """

    /// How many rows are asked for at once: what a page holds beyond its bytes is at most this.
    private static let step = 500

    /// Rows of a query for the columns of ``OperationColumn``, up to the one that takes the page past `byteLimit`.
    ///
    /// - Parameters:
    ///   - sql: with a place for the `seq` behind which it goes on, then for `values`, then for the limit.
    ///   - after: where it begins.
    func page(
        _ sql: String, after: Int64, limit: Int, byteLimit: Int, _ values: [MySQLValue]
    ) throws(MySQLFailure) -> [StoredRow] {
        var rows: [StoredRow] = []
        var bytes = 0
        var after = after
        while rows.count < limit, bytes <= byteLimit {
            let wanted = min(limit - rows.count, Self.step)
            var found = 0
            try forEach(sql, [.integer(after)] + values + [.integer(Int64(wanted))]) { row in
                found += 1
                let reader = MySQLOperationReader(row: row)
                guard bytes <= byteLimit, let stored = reader.storedRow() else { return }
                rows.append(stored)
                after = stored.seq
                bytes += reader.byteCount
            }
            if found < wanted { break }
        }
        return rows
    }

    func setTrustlogged(
        _ acknowledgements: [Acknowledgement], by sql: String = setTrustloggedSQL
    ) throws(MySQLFailure) -> Int {
        var json = "["
        for acknowledgement in acknowledgements {
            if json.utf8.count > 1 { json += "," }
            let partition = acknowledgement.partition.map { "\($0)" } ?? "null"
            let offset = acknowledgement.offset.map { "\($0)" } ?? "null"
            json += "[\(acknowledgement.seq),\(partition),\(offset)]"
        }
        json += "]"
        return try run(sql, [.text(json)])
    }

    fileprivate func moveToRetries(_ failure: PublishFailure, at now: Timestamp) throws(MySQLFailure) {
        let changed = try run(
            "UPDATE operation SET trustlog_status = 'FAILED' WHERE seq = ? AND trustlog_status = 'NOT_TRUSTLOGGED'",
            [.integer(failure.seq)])
        guard changed > 0 else { return }
        try run(
            """
            INSERT INTO trustlog_retry (op_id, retry_status, retry_count, next_retry_at, last_error, first_failed_at,
                updated_at)
            SELECT op_id, 'PENDING', 0, ?, ?, ?, ? FROM operation WHERE seq = ?
            ON DUPLICATE KEY UPDATE trustlog_retry.op_id = trustlog_retry.op_id
            """,
            [
                .time(now.advanced(by: failure.delay)), .text(failure.error), .time(now), .time(now),
                .integer(failure.seq),
            ])
    }
}

extension Duration {
    /// Saturated at a hundred years, which the servers' arithmetic takes.
    var wholeMicroseconds: Int64 {
        let limit: Int64 = 100 * 366 * 86_400
        let (seconds, attoseconds) = components
        return min(max(seconds, -limit), limit) * 1_000_000 + attoseconds / 1_000_000_000_000
    }
}
