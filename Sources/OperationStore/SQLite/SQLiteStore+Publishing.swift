import TrustlogCore

extension SQLiteStore {
    // MARK: Discovery

    package func waiting(_ scan: WaitingScan) async throws(StoreError) -> [StoredRow] {
        try await discovery.run { connection throws(SQLiteFailure) in
            try connection.page(
                SQLiteConnection.waitingRows,
                [
                    .integer(scan.after), .integer(scan.through ?? .max), .integer(max(scan.cursorCount, 1)),
                    .integer(scan.cursor), .integer(max(scan.limit, 0)),
                ], byteLimit: scan.byteLimit)
        }
    }

    package func waitingSequences(_ scan: WaitingScan) async throws(StoreError) -> [Int64] {
        try await discovery.run { connection throws(SQLiteFailure) in
            try connection.rows(
                SQLiteConnection.waitingSequences,
                [
                    .integer(scan.after), .integer(scan.through ?? .max), .integer(max(scan.cursorCount, 1)),
                    .integer(scan.cursor), .integer(max(scan.limit, 0)),
                ]
            ) { row in row.integer(0) }.compactMap(\.self)
        }
    }

    // MARK: Outcomes

    @discardableResult
    package func recordAcknowledged(_ acknowledgements: [Acknowledgement]) async throws(StoreError) -> Int {
        guard !acknowledgements.isEmpty else { return 0 }
        return try await writer.run { connection throws(SQLiteFailure) in
            try connection.transaction { connection throws(SQLiteFailure) in
                let now = SQLiteValue.time(.now())
                let statement = try connection.statement(SQLiteConnection.setTrustlogged)
                var changed = 0
                for acknowledgement in acknowledgements {
                    changed += try statement.setTrustlogged(acknowledgement, at: now)
                }
                return changed
            }
        }
    }

    package func recordFailed(_ failures: [PublishFailure]) async throws(StoreError) {
        guard !failures.isEmpty else { return }
        try await writer.run { connection throws(SQLiteFailure) in
            try connection.transaction { connection throws(SQLiteFailure) in
                let now = Timestamp.now()
                for failure in failures {
                    try connection.moveToRetries(failure, at: now)
                }
            }
        }
    }
}

extension SQLiteConnection {
    // The status is a literal: as a parameter it would not lead to the partial index.
    static let waitingRows = """
        SELECT \(OperationColumn.list()) FROM operation INDEXED BY operation_waiting
        WHERE trustlog_status = 'NOT_TRUSTLOGGED' AND seq > ?1 AND seq <= ?2 AND bucket % ?3 = ?4
        ORDER BY seq LIMIT ?5
        """

    static let waitingSequences = """
        SELECT seq FROM operation INDEXED BY operation_waiting
        WHERE trustlog_status = 'NOT_TRUSTLOGGED' AND seq > ?1 AND seq <= ?2 AND bucket % ?3 = ?4
        ORDER BY seq LIMIT ?5
        """

    /// The rows of a query for the columns of ``OperationColumn``, up to the one that takes the page past `byteLimit`.
    func page(_ sql: String, _ values: [SQLiteValue], byteLimit: Int) throws(SQLiteFailure) -> [StoredRow] {
        var rows: [StoredRow] = []
        var bytes = 0
        try forEach(sql, values) { statement throws(SQLiteFailure) in
            let row = SQLiteRow(statement: statement)
            if let stored = row.storedRow() { rows.append(stored) }
            bytes += row.byteCount
            return bytes <= byteLimit
        }
        return rows
    }

    static let setTrustlogged = setAnyTrustlogged + " AND trustlog_status IN ('NOT_TRUSTLOGGED', 'FAILED')"
    /// The same after a retry: somebody may have asked for one by hand, whatever the status.
    static let setRetriedTrustlogged = setAnyTrustlogged + " AND trustlog_status <> 'TRUSTLOGGED'"

    private static let setAnyTrustlogged = """
        UPDATE operation SET trustlog_status = 'TRUSTLOGGED', trustlogged_at = ?2, trustlog_partition = ?3,
            trustlog_offset = ?4
        WHERE seq = ?1
        """

    fileprivate func moveToRetries(_ failure: PublishFailure, at now: Timestamp) throws(SQLiteFailure) {
        let changed = try run(
            "UPDATE operation SET trustlog_status = 'FAILED' WHERE seq = ?1 AND trustlog_status = 'NOT_TRUSTLOGGED'",
            [.integer(failure.seq)])
        guard changed > 0 else { return }
        // The identity goes from column to column, so that one that cannot be read is the same in both tables.
        try run(
            """
            INSERT INTO trustlog_retry (op_id, retry_status, retry_count, next_retry_at, last_error, first_failed_at,
                updated_at)
            SELECT op_id, 'PENDING', 0, ?2, ?3, ?4, ?4 FROM operation WHERE seq = ?1
            ON CONFLICT (op_id) DO NOTHING
            """,
            [.integer(failure.seq), .time(now.advanced(by: failure.delay)), .text(failure.error), .time(now)])
    }
}

extension SQLiteStatement {
    /// For ``SQLiteConnection/setTrustlogged``. - Returns: how many rows it changed.
    func setTrustlogged(_ acknowledgement: Acknowledgement, at now: SQLiteValue) throws(SQLiteFailure) -> Int {
        try run([
            .integer(acknowledgement.seq), now, .integer(acknowledgement.partition.map { Int64($0) }),
            .integer(acknowledgement.offset),
        ])
    }
}
