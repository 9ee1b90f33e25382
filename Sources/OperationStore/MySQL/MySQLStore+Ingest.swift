import TrustlogCore

extension MySQLStore {
    package func persist(_ batch: IngestBatch) async throws(StoreError) -> PersistResult {
        try await ingest.run { connection throws(MySQLFailure) in
            try connection.transaction { connection throws(MySQLFailure) in
                var insert = MySQLInsert(connection: connection, batch: batch)
                let outcomes = try insert.run()
                let positions = batch.cappedPositions(outcomes: outcomes)
                try connection.write(positions, group: batch.group)
                return PersistResult(outcomes: outcomes, positions: positions)
            }
        }
    }

    package func advance(_ positions: [ConsumerPosition], group: String) async throws(StoreError) {
        try await ingest.run { connection throws(MySQLFailure) in
            try connection.write(positions, group: group)
        }
    }

    package func positions(group: String, topic: String) async throws(StoreError) -> [ConsumerPosition] {
        try await ingest.run { connection throws(MySQLFailure) in
            try connection.rows(
                """
                SELECT partition_id, next_offset FROM trustlog_consumer_offset
                WHERE group_id = ? AND topic = ? ORDER BY partition_id
                """, [.text(group), .text(topic)]
            ) { row -> ConsumerPosition? in
                guard let partition = row.integer(0).flatMap({ Int32(exactly: $0) }), let offset = row.integer(1)
                else { return nil }
                return ConsumerPosition(topic: topic, partition: partition, nextOffset: offset)
            }.compactMap(\.self)
        }
    }
}

extension MySQLConnection {
    /// One statement, so that it needs no transaction of its own.
    fileprivate func write(_ positions: [ConsumerPosition], group: String) throws(MySQLFailure) {
        guard !positions.isEmpty else { return }
        var statement = MySQLStatement()
        statement.write(
            "INSERT INTO trustlog_consumer_offset (group_id, topic, partition_id, next_offset, updated_at) VALUES ")
        for (index, position) in positions.enumerated() {
            statement.write(index == 0 ? "(" : ", (")
            statement.append(group)
            statement.write(", ")
            statement.append(position.topic)
            statement.write(", ")
            statement.append(Int64(position.partition))
            statement.write(", ")
            statement.append(position.nextOffset)
            statement.write(", UTC_TIMESTAMP(6))")
        }
        statement.write(
            " ON DUPLICATE KEY UPDATE next_offset = VALUES(next_offset), updated_at = VALUES(updated_at)")
        try run(statement)
    }
}
