import TrustlogCore

extension SQLiteStore {
    package func claimRetries(limit: Int, lease: Duration) async throws(StoreError) -> [RetryClaim] {
        guard limit > 0 else { return [] }
        return try await writer.run { connection throws(SQLiteFailure) in
            // Mostly nothing is due: then nobody's lock is in the way.
            guard try connection.hasDueRetry() else { return [] }
            return try connection.transaction { connection throws(SQLiteFailure) in
                try connection.claimRetries(limit: limit, lease: lease)
            }
        }
    }

    package func recordRetrySucceeded(_ successes: [RetrySuccess]) async throws(StoreError) {
        try await inTransaction(successes) { connection, success, now throws(SQLiteFailure) in
            _ = try connection.statement(SQLiteConnection.setRetriedTrustlogged)
                .setTrustlogged(success.acknowledgement, at: .time(now))
            try connection.run(SQLiteConnection.deleteClaimedRetry, success.claim.identity)
        }
    }

    package func recordRetryObsolete(_ claims: [RetryClaim]) async throws(StoreError) {
        try await inTransaction(claims) { connection, claim, _ throws(SQLiteFailure) in
            try connection.run(
                SQLiteConnection.deleteClaimedRetry + """
                     AND EXISTS (SELECT 1 FROM operation o
                        WHERE o.op_id = trustlog_retry.op_id AND o.trustlog_status = 'TRUSTLOGGED')
                    """, claim.identity)
        }
    }

    package func recordRetryFailed(_ failures: [RetryFailure]) async throws(StoreError) {
        try await inTransaction(failures) { connection, failure, now throws(SQLiteFailure) in
            let values: [SQLiteValue] = [.text(failure.error), .time(now)]
            if let delay = failure.delay {
                try connection.run(
                    """
                    UPDATE trustlog_retry SET retry_count = retry_count + 1, last_error = ?4, updated_at = ?5,
                        next_retry_at = ?6
                    """ + SQLiteConnection.whereClaimed,
                    failure.claim.identity + values + [.time(now.advanced(by: delay))])
            } else {
                try connection.run(
                    """
                    UPDATE trustlog_retry SET retry_count = retry_count + 1, last_error = ?4, updated_at = ?5,
                        next_retry_at = NULL, retry_status = 'DEAD_LETTER'
                    """ + SQLiteConnection.whereClaimed, failure.claim.identity + values)
            }
        }
    }

    package func releaseRetries(_ claims: [RetryClaim]) async throws(StoreError) {
        try await inTransaction(claims) { connection, claim, now throws(SQLiteFailure) in
            try connection.run(
                "UPDATE trustlog_retry SET next_retry_at = ?4, updated_at = ?4" + SQLiteConnection.whereClaimed,
                claim.identity + [.time(now)])
        }
    }

    /// Does `body` for each of the items in one transaction, all at one time.
    private func inTransaction<Item: Sendable>(
        _ items: [Item],
        _ body: @escaping @Sendable (SQLiteConnection, Item, Timestamp) throws(SQLiteFailure) -> Void
    ) async throws(StoreError) {
        guard !items.isEmpty else { return }
        try await writer.run { connection throws(SQLiteFailure) in
            try connection.transaction { connection throws(SQLiteFailure) in
                let now = Timestamp.now()
                for item in items { try body(connection, item, now) }
            }
        }
    }
}

extension RetryClaim {
    /// The parameters ?1 to ?3 of ``SQLiteConnection/whereClaimed``.
    fileprivate var identity: [SQLiteValue] {
        // An identity that is not UTF-8 cannot be given back as text: it is taken from the operation.
        let seq = row.flatMap { $0.opId == nil ? $0.seq : nil }
        return [.text(opId), .time(claimedUntil), .integer(seq)]
    }
}

extension SQLiteConnection {
    /// What still belongs to the claim: nobody has claimed, requeued or decided it since.
    fileprivate static let whereClaimed = """
         WHERE op_id = CASE WHEN ?3 IS NULL THEN ?1 ELSE (SELECT op_id FROM operation WHERE seq = ?3) END
            AND retry_status = 'PENDING' AND next_retry_at = ?2
        """
    fileprivate static let deleteClaimedRetry = "DELETE FROM trustlog_retry" + whereClaimed

    /// A time with a space sorts before all others of its day: the first comparison leads to the index, the second decides.
    private static let isDue = """
        retry_status = 'PENDING' AND next_retry_at <= ?1 AND replace(next_retry_at, ' ', 'T') <= ?1
        """

    static let dueRetries = """
        SELECT r.rowid, r.op_id, r.retry_count, o.trustlog_status IS 'TRUSTLOGGED', \(OperationColumn.list(prefix: "o."))
        FROM (SELECT rowid, op_id, retry_count, next_retry_at FROM trustlog_retry INDEXED BY trustlog_retry_due
            WHERE \(isDue) ORDER BY next_retry_at LIMIT ?2) r
        LEFT JOIN operation o ON o.op_id = r.op_id ORDER BY r.next_retry_at
        """

    static let hasDueRetry = "SELECT 1 FROM trustlog_retry INDEXED BY trustlog_retry_due WHERE \(isDue) LIMIT 1"

    fileprivate func hasDueRetry() throws(SQLiteFailure) -> Bool {
        try first(Self.hasDueRetry, [.time(.now())]) { _ in true } ?? false
    }

    fileprivate func claimRetries(limit: Int, lease: Duration) throws(SQLiteFailure) -> [RetryClaim] {
        let now = Timestamp.now()
        let claimedUntil = now.advanced(by: lease)
        let due = try rows(Self.dueRetries, [.time(now), .integer(limit)]) { row in
            (
                rowID: row.integer(0),
                claim: RetryClaim(
                    opId: row.repairedText(1) ?? "", retryCount: Int(clamping: row.integer(2) ?? 0),
                    claimedUntil: claimedUntil, row: SQLiteRow(statement: row, first: 4).storedRow(),
                    isTrustlogged: row.integer(3) == 1)
            )
        }
        for item in due {
            try run(
                "UPDATE trustlog_retry SET next_retry_at = ?2, updated_at = ?3 WHERE rowid = ?1",
                [.integer(item.rowID), .time(claimedUntil), .time(now)])
        }
        return due.map(\.claim)
    }
}
