import TrustlogCore

/// Inserts the rows of one batch, inside a transaction, and finds an outcome for each.
///
/// Plain inserts of many rows: where none of them is there yet, which is the rule, one statement a chunk does it. A chunk
/// that meets a key that is there is undone by the server as a whole, and repeated without the rows that are there: so what
/// was inserted and what was there is told exactly, whoever writes beside us. (`INSERT IGNORE` would also cut values, and
/// `ON DUPLICATE KEY UPDATE` does not tell which rows it left as they were.)
struct MySQLInsert {
    let connection: MySQLConnection
    let batch: IngestBatch
    private var outcomes: [PersistResult.Outcome?]
    private var isAnyInserted = false
    private var isProbed = false

    /// The size of a statement: well below `max_allowed_packet` of any server (1 MiB at least), also with a row of the
    /// largest size behind it.
    private static let maximumRows = 1000
    private static let maximumBytes = 512 << 10

    init(connection: MySQLConnection, batch: IngestBatch) {
        self.connection = connection
        self.batch = batch
        outcomes = Array(repeating: nil, count: batch.rows.count)
    }

    mutating func run() throws(MySQLFailure) -> [PersistResult.Outcome] {
        // An `opId` that stands in the batch twice would be a conflict of a chunk with itself.
        var seen: Set<ExactText> = []
        var first: [Int] = []
        var repeated: [Int] = []
        for (index, row) in batch.rows.enumerated() {
            if seen.insert(ExactText(row.operation.opId)).inserted {
                first.append(index)
            } else {
                repeated.append(index)
            }
        }
        var rest = first[...]
        while !rest.isEmpty { try insert(nextChunk(&rest)) }
        for index in repeated {
            try compare([index])
            if outcomes[index] == nil { try insert([index]) }
        }
        return outcomes.map { $0 ?? .refused("the database did not say what became of the row") }
    }

    /// Takes rows off the front, as many as go into one statement.
    private func nextChunk(_ rest: inout ArraySlice<Int>) -> ArraySlice<Int> {
        var size = 0
        var end = rest.startIndex
        while end < rest.endIndex, end - rest.startIndex < Self.maximumRows, size < Self.maximumBytes {
            size += 512 + (batch.rows[rest[end]].operation.extra?.utf8.count ?? 0)
            end += 1
        }
        defer { rest = rest[end...] }
        return rest[..<end]
    }

    private mutating func insert(_ indices: ArraySlice<Int>) throws(MySQLFailure) {
        guard let index = indices.first else { return }
        do throws(MySQLFailure) {
            let changed = try connection.insert(indices.map { batch.rows[$0] }, status: batch.initialStatus)
            guard changed == indices.count else { throw .unavailable("the table operation dropped a row silently") }
            for index in indices { outcomes[index] = .inserted }
            isAnyInserted = true
        } catch  where error.isDuplicateKey {
            try compare(indices)
            let remaining = indices.filter { outcomes[$0] == nil }
            if remaining.count < indices.count { return try insert(remaining[...]) }
            // Not the identity: a unique key that somebody added, or a row that is gone again.
            try divide(indices, index, error)
        } catch  where error.mayBeTheRows {
            if !isAnyInserted, !isProbed {
                try requireThatOthersAreAccepted(error)
                isProbed = true
            }
            try divide(indices, index, error)
        }
    }

    private mutating func divide(
        _ indices: ArraySlice<Int>, _ index: Int, _ failure: MySQLFailure
    ) throws(MySQLFailure) {
        guard indices.count > 1 else {
            outcomes[index] = .refused(failure.message)
            return
        }
        let middle = indices.startIndex + indices.count / 2
        try insert(indices[..<middle])
        try insert(indices[middle...])
    }

    /// Finds the rows that are there already: duplicates where the record is the same, else conflicts.
    private mutating func compare(_ indices: ArraySlice<Int>) throws(MySQLFailure) {
        var open = indices
        while !open.isEmpty {
            // Some at a time: what is stored may be as large as the contract allows.
            let part = open.prefix(256)
            open = open.dropFirst(256)
            var statement = MySQLStatement("SELECT \(OperationColumn.list()) FROM operation WHERE op_id IN (", [])
            for (position, index) in part.enumerated() {
                if position > 0 { statement.write(", ") }
                statement.append(batch.rows[index].operation.opId)
            }
            statement.write(")")
            var stored: [ExactText: StoredRow] = [:]
            try connection.forEach(statement) { row in
                guard let row = MySQLOperationReader(row: row).storedRow(), let opId = row.opId else { return }
                stored[ExactText(opId)] = row
            }
            for index in part {
                let operation = batch.rows[index].operation
                guard let row = stored[ExactText(operation.opId)] else { continue }
                outcomes[index] = row.holds(operation) ? .duplicate : .conflict
            }
        }
    }

    /// - Throws: where a row that nothing is wrong with is refused as well: then something is wrong for everybody (a column
    ///   that somebody added, a trigger), and no row is to blame.
    private func requireThatOthersAreAccepted(_ refusal: MySQLFailure) throws(MySQLFailure) {
        try connection.run("SAVEPOINT trustlog_probe")
        do throws(MySQLFailure) {
            try connection.insert([.probe()], status: batch.initialStatus)
        } catch  where error.mayBeTheRows {
            throw MySQLFailure(
                number: refusal.number, sqlState: "",
                message: "the table operation refuses every row (\(refusal.message)); look for columns, constraints or "
                    + "triggers that were added to it", kind: .unavailable)
        }
        try connection.run("ROLLBACK TO SAVEPOINT trustlog_probe")
    }
}

extension MySQLConnection {
    private static let insertHead = """
        INSERT INTO operation (op_id, op_timestamp, op_source, op_type, do_prefix, do_repository, doid, producer_id,
            op_actor, request_body_hash, response_body_hash, client_ip, server_ip, extra, source_topic,
            source_partition, source_offset, source_digest, headers, trustlog_status) VALUES
        """

    /// Inserts rows by one statement, or none of them. - Returns: how many.
    @discardableResult
    fileprivate func insert(
        _ rows: some Sequence<IncomingOperation>, status: IngestBatch.InitialStatus
    ) throws(MySQLFailure) -> Int {
        scratch.clear()
        scratch.write(sql: Self.insertHead)
        var isFirst = true
        for row in rows {
            scratch.write(isFirst ? " (" : ", (")
            isFirst = false
            scratch.append(row, status: status)
            scratch.write(")")
        }
        return try run(scratch)
    }
}

extension MySQLStatement {
    /// The values of a row, in the order of the statement's head.
    fileprivate mutating func append(_ row: IncomingOperation, status: IngestBatch.InitialStatus) {
        let operation = row.operation
        append(operation.opId)
        write(",")
        append(operation.timestamp)
        for text in [
            operation.opSource, operation.opType, operation.doPrefix, operation.doRepository, operation.doid,
            operation.producerId, operation.opActor, operation.requestBodyHash, operation.responseBodyHash,
            operation.clientIp, operation.serverIp, operation.extra, row.source?.topic,
        ] {
            write(",")
            append(text)
        }
        write(",")
        append(row.source.map { Int64($0.partition) })
        write(",")
        append(row.source?.offset)
        write(",")
        append(row.source?.digest)
        write(",")
        append(row.headers)
        write(",")
        append(status.rawValue)
    }
}

extension StoredRow {
    /// Whether the record of this row is the record of the operation, sources aside.
    fileprivate func holds(_ operation: Operation) -> Bool {
        guard case .success(let stored) = content else { return false }
        return Record.hasSameContent(stored.operation, operation)
    }
}
