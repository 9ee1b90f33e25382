import TrustlogCore

extension MySQLStore {
    package func claimRetries(limit: Int, lease: Duration) async throws(StoreError) -> [RetryClaim] {
        guard limit > 0 else { return [] }
        return try await outcomes.run { connection throws(MySQLFailure) in
            // Mostly nothing is due: then no transaction is begun.
            guard try connection.isRetryDue() else { return [] }
            return try connection.transaction { connection throws(MySQLFailure) in
                try connection.claim(limit: limit, lease: lease)
            }
        }
    }

    package func recordRetrySucceeded(_ successes: [RetrySuccess]) async throws(StoreError) {
        guard !successes.isEmpty else { return }
        try await outcomes.run { connection throws(MySQLFailure) in
            try connection.transaction { connection throws(MySQLFailure) in
                // The acknowledgement is true whatever became of the claim.
                _ = try connection.setTrustlogged(successes.map(\.acknowledgement))
                for success in successes {
                    try connection.run(
                        "DELETE FROM trustlog_retry WHERE \(RetryClaim.holds)", success.claim.values)
                }
            }
        }
    }

    package func recordRetryObsolete(_ claims: [RetryClaim]) async throws(StoreError) {
        guard !claims.isEmpty else { return }
        try await outcomes.run { connection throws(MySQLFailure) in
            try connection.transaction { connection throws(MySQLFailure) in
                for claim in claims {
                    try connection.run(
                        """
                        DELETE FROM trustlog_retry WHERE \(RetryClaim.holds) AND EXISTS (
                            SELECT 1 FROM operation
                            WHERE operation.op_id = trustlog_retry.op_id AND trustlog_status = 'TRUSTLOGGED')
                        """, claim.values)
                }
            }
        }
    }

    package func recordRetryFailed(_ failures: [RetryFailure]) async throws(StoreError) {
        guard !failures.isEmpty else { return }
        try await outcomes.run { connection throws(MySQLFailure) in
            try connection.transaction { connection throws(MySQLFailure) in
                for failure in failures { try connection.count(failure) }
            }
        }
    }

    package func releaseRetries(_ claims: [RetryClaim]) async throws(StoreError) {
        guard !claims.isEmpty else { return }
        try await outcomes.run { connection throws(MySQLFailure) in
            try connection.transaction { connection throws(MySQLFailure) in
                for claim in claims {
                    try connection.run(
                        """
                        UPDATE trustlog_retry SET next_retry_at = UTC_TIMESTAMP(6), updated_at = UTC_TIMESTAMP(6)
                        WHERE \(RetryClaim.holds)
                        """, claim.values)
                }
            }
        }
    }
}

extension RetryClaim {
    /// The condition under which a claim still stands, for ``values``.
    fileprivate static let holds = "op_id = ? AND next_retry_at = ? AND retry_status = 'PENDING'"

    fileprivate var values: [MySQLValue] { [.text(opId), .time(claimedUntil)] }
}

extension MySQLConnection {
    static let dueRetries = """
        SELECT op_id, retry_count FROM trustlog_retry FORCE INDEX (trustlog_retry_due)
        WHERE retry_status = 'PENDING' AND next_retry_at <= UTC_TIMESTAMP(6)
        ORDER BY next_retry_at LIMIT ?
        """

    fileprivate func isRetryDue() throws(MySQLFailure) -> Bool {
        try first(Self.dueRetries, [.integer(1)]) { _ in true } ?? false
    }

    fileprivate func claim(limit: Int, lease: Duration) throws(MySQLFailure) -> [RetryClaim] {
        let due = try rows("\(Self.dueRetries) FOR UPDATE SKIP LOCKED", [.integer(Int64(limit))]) { row in
            (opId: row.text(0) ?? "", count: row.count(1))
        }
        guard !due.isEmpty else { return [] }
        let now = try now()
        let claimedUntil = now.advanced(by: lease)
        var claims: [RetryClaim] = []
        for retry in due {
            try run(
                "UPDATE trustlog_retry SET next_retry_at = ?, updated_at = ? WHERE op_id = ?",
                [.time(claimedUntil), .time(now), .text(retry.opId)])
            let found = try first(
                """
                SELECT trustlog_status = 'TRUSTLOGGED', \(OperationColumn.list()) FROM operation WHERE op_id = ?
                """, [.text(retry.opId)]
            ) { row in (isTrustlogged: row.integer(0) == 1, row: MySQLOperationReader(row: row, first: 1).storedRow()) }
            claims.append(
                RetryClaim(
                    opId: retry.opId, retryCount: retry.count, claimedUntil: claimedUntil, row: found?.row,
                    isTrustlogged: found?.isTrustlogged ?? false))
        }
        return claims
    }

    fileprivate func count(_ failure: RetryFailure) throws(MySQLFailure) {
        // MySQL assigns from left to right: nothing behind an assignment reads what it changed.
        let next: (sql: String, values: [MySQLValue]) =
            if let delay = failure.delay {
                ("UTC_TIMESTAMP(6) + INTERVAL ? MICROSECOND", [.integer(delay.wholeMicroseconds)])
            } else {
                ("NULL, retry_status = 'DEAD_LETTER'", [])
            }
        try run(
            """
            UPDATE trustlog_retry SET retry_count = retry_count + 1, last_error = ?, updated_at = UTC_TIMESTAMP(6),
                next_retry_at = \(next.sql)
            WHERE \(RetryClaim.holds)
            """, [.text(failure.error)] + next.values + failure.claim.values)
    }
}
