import TrustlogCore

extension PostgreSQLStore {
    package func persist(_ batch: IngestBatch) async throws(StoreError) -> PersistResult {
        try await ingest.run { connection throws(PostgreSQLFailure) in
            try connection.persist(batch)
        }
    }

    package func advance(_ positions: [ConsumerPosition], group: String) async throws(StoreError) {
        guard !positions.isEmpty else { return }
        try await ingest.run { connection throws(PostgreSQLFailure) in
            try connection.write(positions, group: group)
        }
    }

    package func positions(group: String, topic: String) async throws(StoreError) -> [ConsumerPosition] {
        try await reading.run { connection throws(PostgreSQLFailure) in
            try connection.query(
                """
                SELECT partition_id, next_offset FROM trustlog_consumer_offset
                WHERE group_id = $1 AND topic = $2 ORDER BY partition_id
                """, [.text(group), .text(topic)]
            ).rows.compactMap { row in
                guard let partition = row.integer(0).flatMap({ Int32(exactly: $0) }), let offset = row.integer(1)
                else { return nil }
                return ConsumerPosition(topic: topic, partition: partition, nextOffset: offset)
            }
        }
    }
}

extension PostgreSQLConnection {
    fileprivate func persist(_ batch: IngestBatch) throws(PostgreSQLFailure) -> PersistResult {
        let rows = IngestRows(rows: batch.rows[...], status: batch.initialStatus)
        if let result = try copy(batch, rows) { return result }
        // Before the transaction begins: the server ends one that stands idle.
        let values = rows.values
        do throws(PostgreSQLFailure) {
            return try persist(batch) { connection throws(PostgreSQLFailure) in
                try connection.insertAtOnce(rows, values: values)
            }
        } catch  where error.mayBeTheRows {
            return try persist(batch) { connection throws(PostgreSQLFailure) in
                // A constraint that is checked at the end would refuse the whole transaction then.
                try connection.execute("SET CONSTRAINTS ALL IMMEDIATE")
                return try connection.insertByHalves(rows)
            }
        }
    }

    /// `nil` where the batch has to be inserted in another way, and nothing was done.
    private func copy(_ batch: IngestBatch, _ rows: IngestRows) throws(PostgreSQLFailure) -> PersistResult? {
        guard rows.count >= Self.copyMinimum, try mayCopy() else { return nil }
        do throws(PostgreSQLFailure) {
            return try persist(batch) { connection throws(PostgreSQLFailure) in
                try connection.copy(rows)
                return [Outcome](repeating: .inserted, count: rows.count)
            }
        } catch  where error.mayBeTheRows || error.isNotCopied {
            pauseCopying()
            return nil
        }
    }

    /// Fewer rows are not worth the further round trips.
    private static let copyMinimum = 100

    private func persist(
        _ batch: IngestBatch,
        by insert: (PostgreSQLConnection) throws(PostgreSQLFailure) -> [PersistResult.Outcome]
    ) throws(PostgreSQLFailure) -> PersistResult {
        try transaction { connection throws(PostgreSQLFailure) in
            let outcomes = try insert(connection)
            let positions = batch.cappedPositions(outcomes: outcomes)
            try connection.write(positions, group: batch.group)
            return PersistResult(outcomes: outcomes, positions: positions)
        }
    }

    /// Rows are sorted, so that two writers of several positions do not wait for each other crosswise.
    fileprivate func write(_ positions: [ConsumerPosition], group: String) throws(PostgreSQLFailure) {
        guard !positions.isEmpty else { return }
        try run(
            """
            INSERT INTO trustlog_consumer_offset (group_id, topic, partition_id, next_offset)
            SELECT DISTINCT ON (p.topic COLLATE "C", p.partition_id) $1, p.topic, p.partition_id, p.next_offset
            FROM unnest($2::text[], $3::int[], $4::bigint[]) WITH ORDINALITY AS p (topic, partition_id, next_offset, n)
            ORDER BY p.topic COLLATE "C", p.partition_id, p.n DESC
            ON CONFLICT (group_id, topic, partition_id)
            DO UPDATE SET next_offset = excluded.next_offset, updated_at = excluded.updated_at
            """,
            [
                .text(group), .texts(positions.map(\.topic)), .partitions(positions.map(\.partition)),
                .integers(positions.map(\.nextOffset)),
            ])
    }
}
