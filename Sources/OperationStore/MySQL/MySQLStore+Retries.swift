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
                _ = try connection.setTrustlogged(
                    successes.map(\.acknowledgement), by: MySQLConnection.setRetriedTrustloggedSQL)
                try connection.deleteRetries(of: successes)
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
        var rows: [ExactText: (isTrustlogged: Bool, row: StoredRow)] = [:]
        for start in stride(from: 0, to: due.count, by: Self.namesAtOnce) {
            let opIds = due[start..<min(start + Self.namesAtOnce, due.count)].map(\.opId)
            try claim(opIds, from: now, until: claimedUntil)
            rows.merge(try operations(opIds)) { first, _ in first }
        }
        return due.map { retry in
            let found = rows[ExactText(retry.opId)]
            return RetryClaim(
                opId: retry.opId, retryCount: retry.count, claimedUntil: claimedUntil, row: found?.row,
                isTrustlogged: found?.isTrustlogged ?? false)
        }
    }

    /// Identities in one statement: fewer than those of which MariaDB would make a table of its own.
    private static let namesAtOnce = 500

    private static func marks(_ count: Int) -> String { repeatElement("?", count: count).joined(separator: ", ") }

    /// By the primary key in any case: a scan would lock rows of others.
    private func claim(_ opIds: [String], from now: Timestamp, until: Timestamp) throws(MySQLFailure) {
        try run(
            """
            UPDATE trustlog_retry FORCE INDEX (PRIMARY) SET next_retry_at = ?, updated_at = ?
            WHERE op_id IN (\(Self.marks(opIds.count)))
            """, [.time(until), .time(now)] + opIds.map { .text($0) })
    }

    private func operations(
        _ opIds: [String]
    ) throws(MySQLFailure) -> [ExactText: (isTrustlogged: Bool, row: StoredRow)] {
        var found: [ExactText: (isTrustlogged: Bool, row: StoredRow)] = [:]
        try forEach(
            """
            SELECT trustlog_status = 'TRUSTLOGGED', \(OperationColumn.list())
            FROM operation FORCE INDEX (operation_op_id) WHERE op_id IN (\(Self.marks(opIds.count)))
            """, opIds.map { .text($0) }
        ) { row in
            guard let stored = MySQLOperationReader(row: row, first: 1).storedRow(), let opId = stored.opId else {
                return
            }
            found[ExactText(opId)] = (row.integer(0) == 1, stored)
        }
        return found
    }

    /// Deletes the rows of claims that still hold: found by the `seq` of their operations, which one statement takes for all.
    fileprivate func deleteRetries(of successes: [RetrySuccess]) throws(MySQLFailure) {
        for (claimedUntil, group) in Dictionary(grouping: successes, by: \.claim.claimedUntil) {
            let sequences = group.map { String($0.acknowledgement.seq) }.joined(separator: ",")
            try run(
                """
                DELETE r FROM JSON_TABLE(?, '$[*]' COLUMNS (seq BIGINT PATH '$')) AS a
                    STRAIGHT_JOIN operation AS o ON o.seq = a.seq
                    STRAIGHT_JOIN trustlog_retry AS r ON r.op_id = o.op_id
                WHERE r.retry_status = 'PENDING' AND r.next_retry_at = ?
                """, [.text("[\(sequences)]"), .time(claimedUntil)])
        }
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
