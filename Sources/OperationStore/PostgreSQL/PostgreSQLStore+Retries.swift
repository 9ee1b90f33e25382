import TrustlogCore

extension PostgreSQLStore {
    package func claimRetries(limit: Int, lease: Duration) async throws(StoreError) -> [RetryClaim] {
        guard limit > 0 else { return [] }
        // Beside the outcomes of the page before: it looks for rows, as a cursor's scan does.
        return try await scanner(cursor: 0).run { connection throws(PostgreSQLFailure) in
            try connection.query(
                PostgreSQLStatements.claimRetries, [.integer(Int64(limit)), .seconds(lease)]
            ).rows.compactMap { row in
                guard let opId = row.text(0), let claimedUntil = row.time(2) else { return nil }
                return RetryClaim(
                    opId: opId, retryCount: row.count(1), claimedUntil: claimedUntil,
                    row: PostgreSQLOperationReader(row: row, first: 4).storedRow(), isTrustlogged: row.bool(3) ?? false)
            }
        }
    }

    package func recordRetrySucceeded(_ successes: [RetrySuccess]) async throws(StoreError) {
        guard !successes.isEmpty else { return }
        let acknowledgements = successes.map(\.acknowledgement)
        _ = try await outcomes.run { connection throws(PostgreSQLFailure) in
            try connection.run(
                """
                WITH \(PostgreSQLStatements.claims), acknowledged AS (
                    UPDATE operation o SET trustlog_status = 'TRUSTLOGGED', trustlogged_at = now(),
                        trustlog_partition = a.partition_id, trustlog_offset = a.position
                    FROM unnest($3::bigint[], $4::int[], $5::bigint[]) AS a (seq, partition_id, position)
                    WHERE o.seq = a.seq AND o.trustlog_status <> 'TRUSTLOGGED'
                )
                DELETE FROM trustlog_retry r USING c WHERE \(PostgreSQLStatements.isClaimed)
                """,
                PostgreSQLStatements.values(successes.map(\.claim)) + [
                    .integers(acknowledgements.map(\.seq)), .partitions(acknowledgements.map(\.partition)),
                    .integers(acknowledgements.map(\.offset)),
                ])
        }
    }

    package func recordRetryObsolete(_ claims: [RetryClaim]) async throws(StoreError) {
        try await record(
            claims,
            """
            DELETE FROM trustlog_retry r USING c, operation o
            WHERE \(PostgreSQLStatements.isClaimed) AND o.op_id = r.op_id AND o.trustlog_status = 'TRUSTLOGGED'
            """)
    }

    package func recordRetryFailed(_ failures: [RetryFailure]) async throws(StoreError) {
        guard !failures.isEmpty else { return }
        _ = try await outcomes.run { connection throws(PostgreSQLFailure) in
            try connection.run(
                """
                WITH c AS (
                    SELECT * FROM unnest($1::text[], $2::timestamptz[], $3::text[], $4::float8[])
                        AS c (op_id, claimed_until, error, delay)
                )
                UPDATE trustlog_retry r SET retry_count = r.retry_count + 1, last_error = c.error, updated_at = now(),
                    retry_status = CASE WHEN c.delay IS NULL THEN 'DEAD_LETTER' ELSE 'PENDING' END,
                    next_retry_at = now() + make_interval(secs => c.delay)
                FROM c WHERE \(PostgreSQLStatements.isClaimed)
                """,
                PostgreSQLStatements.values(failures.map(\.claim)) + [
                    .messages(failures.map(\.error)), .seconds(of: failures.map(\.delay)),
                ])
        }
    }

    package func releaseRetries(_ claims: [RetryClaim]) async throws(StoreError) {
        try await record(
            claims,
            """
            UPDATE trustlog_retry r SET next_retry_at = now(), updated_at = now()
            FROM c WHERE \(PostgreSQLStatements.isClaimed)
            """)
    }

    /// Runs a statement that has the claims as `c`.
    private func record(_ claims: [RetryClaim], _ statement: String) async throws(StoreError) {
        guard !claims.isEmpty else { return }
        _ = try await outcomes.run { connection throws(PostgreSQLFailure) in
            try connection.run(
                "WITH \(PostgreSQLStatements.claims) \(statement)", PostgreSQLStatements.values(claims))
        }
    }
}

extension PostgreSQLStatements {
    /// A row that another claimer is about to claim is passed over; so is one that an operator changes.
    static let claimRetries = """
        WITH due AS (
            SELECT op_id, next_retry_at FROM trustlog_retry
            WHERE retry_status = 'PENDING' AND next_retry_at <= now()
            ORDER BY next_retry_at LIMIT $1 FOR UPDATE SKIP LOCKED
        ), claimed AS (
            UPDATE trustlog_retry r SET next_retry_at = now() + make_interval(secs => $2), updated_at = now()
            FROM due WHERE r.op_id = due.op_id
            RETURNING r.op_id, r.retry_count, r.next_retry_at AS claimed_until, due.next_retry_at AS was_due_at
        )
        SELECT c.op_id, c.retry_count, c.claimed_until, coalesce(o.trustlog_status = 'TRUSTLOGGED', false),
            \(OperationColumn.list(prefix: "o."))
        FROM claimed c LEFT JOIN operation o ON o.op_id = c.op_id ORDER BY c.was_due_at, c.op_id
        """

    fileprivate static let claims =
        "c AS (SELECT * FROM unnest($1::text[], $2::timestamptz[]) AS c (op_id, claimed_until))"

    /// What still belongs to the claim: nobody has claimed, requeued or decided it since.
    fileprivate static let isClaimed =
        "r.op_id = c.op_id AND r.retry_status = 'PENDING' AND r.next_retry_at = c.claimed_until"

    /// The parameters $1 and $2 of ``claims``.
    fileprivate static func values(_ claims: [RetryClaim]) -> [PostgreSQLValue] {
        [.texts(claims.map(\.opId)), .times(claims.map(\.claimedUntil))]
    }
}
