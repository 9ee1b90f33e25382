import CSQLite
import TrustlogCore

extension SQLiteStore {
    package func persist(_ batch: IngestBatch) async throws(StoreError) -> PersistResult {
        try await writer.run { connection throws(SQLiteFailure) in
            try connection.persist(batch)
        }
    }

    package func advance(_ positions: [ConsumerPosition], group: String) async throws(StoreError) {
        try await writer.run { connection throws(SQLiteFailure) in
            try connection.transaction { connection throws(SQLiteFailure) in
                try connection.write(positions, group: group)
            }
        }
    }

    package func positions(group: String, topic: String) async throws(StoreError) -> [ConsumerPosition] {
        try await reading.run { connection throws(SQLiteFailure) in
            try connection.rows(
                """
                SELECT partition_id, next_offset FROM trustlog_consumer_offset
                WHERE group_id = ?1 AND topic = ?2 ORDER BY partition_id
                """, [.text(group), .text(topic)]
            ) { row -> ConsumerPosition? in
                guard let partition = row.integer(0).flatMap({ Int32(exactly: $0) }), let offset = row.integer(1)
                else { return nil }
                return ConsumerPosition(topic: topic, partition: partition, nextOffset: offset)
            }.compactMap(\.self)
        }
    }
}

extension SQLiteConnection {
    private static let insertOperation = """
        INSERT INTO operation (op_id, op_timestamp, op_source, op_type, do_prefix, do_repository, doid, producer_id,
            op_actor, request_body_hash, response_body_hash, client_ip, server_ip, extra, source_topic,
            source_partition, source_offset, source_digest, headers, trustlog_status)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20)
        ON CONFLICT (op_id) DO NOTHING
        """

    private static let selectOperation = "SELECT \(OperationColumn.list()) FROM operation WHERE op_id = ?1"

    fileprivate func persist(_ batch: IngestBatch) throws(SQLiteFailure) -> PersistResult {
        // A trigger's RAISE(ROLLBACK) undoes the whole transaction: it is made again without the row that met it.
        var endedTransaction: [Int: String] = [:]
        while true {
            var culprit: (index: Int, failure: SQLiteFailure)?
            do throws(SQLiteFailure) {
                return try transaction { connection throws(SQLiteFailure) in
                    try connection.insert(batch, leavingOut: endedTransaction) { culprit = ($0, $1) }
                }
            } catch {
                guard let culprit, endedTransaction[culprit.index] == nil else { throw error }
                endedTransaction[culprit.index] = culprit.failure.message
            }
        }
    }

    /// One attempt at the batch, inside a transaction.
    ///
    /// - Parameter onRollback: told of the row whose refusal ended the transaction, before that is thrown.
    private func insert(
        _ batch: IngestBatch, leavingOut refused: [Int: String], onRollback: (Int, SQLiteFailure) -> Void
    ) throws(SQLiteFailure) -> PersistResult {
        var outcomes: [PersistResult.Outcome] = []
        outcomes.reserveCapacity(batch.rows.count)
        // Looked up once: its text is long.
        let statement = try statement(Self.insertOperation)
        for (index, row) in batch.rows.enumerated() {
            if let reason = refused[index] {
                outcomes.append(.refused(reason))
                continue
            }
            do throws(SQLiteFailure) {
                outcomes.append(try insert(row, status: batch.initialStatus, by: statement))
            } catch  where error.mayBeTheRows {
                guard isInTransaction else {
                    onRollback(index, error)
                    throw error
                }
                outcomes.append(.refused(error.message))
            }
        }
        try requireThatOthersAreAccepted(outcomes, status: batch.initialStatus)
        let positions = batch.cappedPositions(outcomes: outcomes)
        try write(positions, group: batch.group)
        return PersistResult(outcomes: outcomes, positions: positions)
    }

    private func insert(
        _ row: IncomingOperation, status: IngestBatch.InitialStatus, by statement: SQLiteStatement
    ) throws(SQLiteFailure) -> PersistResult.Outcome {
        let operation = row.operation
        let changed = try statement.run([
            .text(operation.opId), .time(operation.timestamp), .text(operation.opSource),
            .text(operation.opType), .text(operation.doPrefix), .text(operation.doRepository),
            .text(operation.doid), .text(operation.producerId), .text(operation.opActor),
            .text(operation.requestBodyHash), .text(operation.responseBodyHash), .text(operation.clientIp),
            .text(operation.serverIp), .text(operation.extra), .text(row.source?.topic),
            .integer(row.source.map { Int64($0.partition) }), .integer(row.source?.offset),
            .text(row.source?.digest), .text(row.headers), .text(status.rawValue),
        ])
        if changed > 0 { return .inserted }
        let existing = try first(Self.selectOperation, [.text(operation.opId)]) { statement in
            SQLiteRow(statement: statement).storedRow()
        }
        guard case .some(.some(let existing)) = existing else {
            return .refused("a trigger of the table dropped the row")
        }
        guard case .success(let stored) = existing.content, Record.hasSameContent(stored.operation, operation) else {
            return .conflict
        }
        return .duplicate
    }

    /// Where a row was refused and none was inserted, tries a row that nothing is wrong with.
    ///
    /// - Throws: the refusal of that row: then something is wrong for everybody, and no row is to blame.
    private func requireThatOthersAreAccepted(
        _ outcomes: [PersistResult.Outcome], status: IngestBatch.InitialStatus
    ) throws(SQLiteFailure) {
        let refusals = outcomes.compactMap { outcome -> String? in
            if case .refused(let reason) = outcome { reason } else { nil }
        }
        guard let refusal = refusals.first, !outcomes.contains(.inserted) else { return }
        try run("SAVEPOINT trustlog_probe")
        let probe: PersistResult.Outcome
        do throws(SQLiteFailure) {
            probe = try insert(.probe(), status: status, by: statement(Self.insertOperation))
        } catch  where error.mayBeTheRows {
            throw SQLiteFailure(
                code: SQLITE_ERROR,
                message: "the table operation refuses every row (\(refusal)); look for columns, constraints or "
                    + "triggers that were added to it", kind: .unavailable)
        }
        try run("ROLLBACK TO trustlog_probe")
        try run("RELEASE trustlog_probe")
        guard probe == .inserted else {
            throw SQLiteFailure(
                code: SQLITE_ERROR, message: "the table operation takes no row: a trigger drops every one",
                kind: .unavailable)
        }
    }

    fileprivate func write(_ positions: [ConsumerPosition], group: String) throws(SQLiteFailure) {
        guard !positions.isEmpty else { return }
        let now = SQLiteValue.time(.now())
        for position in positions {
            try run(
                """
                INSERT INTO trustlog_consumer_offset (group_id, topic, partition_id, next_offset, updated_at)
                VALUES (?1, ?2, ?3, ?4, ?5)
                ON CONFLICT (group_id, topic, partition_id)
                DO UPDATE SET next_offset = excluded.next_offset, updated_at = excluded.updated_at
                """,
                [
                    .text(group), .text(position.topic), .integer(Int64(position.partition)),
                    .integer(position.nextOffset), now,
                ])
        }
    }
}
