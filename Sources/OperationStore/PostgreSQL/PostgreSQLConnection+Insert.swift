import TrustlogCore

extension PostgreSQLConnection {
    typealias Outcome = PersistResult.Outcome

    /// Inserts what is not there yet, inside a transaction. Returns an outcome a row.
    ///
    /// - Parameter values: ``IngestRows/values`` of the batch.
    /// - Throws: what the database says of any of the rows; then none of them is inserted. Also where the table drops every
    ///   row in silence.
    func insertAtOnce(_ batch: IngestRows, values: [PostgreSQLValue]) throws(PostgreSQLFailure) -> [Outcome] {
        let outcomes = try insert(batch, values: values)
        var search = RefusalSearch(isProbeAccepted: false)
        search.note(outcomes)
        if !search.isTrustworthy, try !acceptsProbe(batch) { throw search.systemicFailure }
        return outcomes
    }

    private func insert(
        _ batch: IngestRows, values: [PostgreSQLValue]? = nil, isRepeated: Bool = false
    ) throws(PostgreSQLFailure) -> [Outcome] {
        guard batch.count > 0 else { return [] }
        let result = try query(IngestRows.insertSQL, values ?? batch.values)
        if result.rowCount == batch.count { return [Outcome](repeating: .inserted, count: batch.count) }

        // RETURNING keeps no order, but names only what this statement inserted.
        var inserted = Set(result.rows.compactMap { row in row.text(0).map(ExactText.init) })
        var outcomes: [Outcome?] = batch.rows.map { row in
            inserted.remove(ExactText(row.operation.opId)) == nil ? nil : .inserted
        }
        try compare(batch, &outcomes)

        let vanished = outcomes.indices.filter { outcomes[$0] == nil }
        guard !vanished.isEmpty else { return outcomes.compactMap(\.self) }
        let start = batch.rows.startIndex
        // Deleted between the two statements, or never inserted: a second try tells.
        let again: [Outcome] =
            if isRepeated {
                vanished.map { _ in .refused("a trigger or a rule of the table dropped the row") }
            } else {
                try insert(batch.with(vanished.map { batch.rows[start + $0] }[...]), isRepeated: true)
            }
        for (index, outcome) in zip(vanished, again) { outcomes[index] = outcome }
        return outcomes.compactMap(\.self)
    }

    /// Tells duplicates from conflicts, for rows without an outcome whose identity is in the table. A statement of its own: it
    /// sees the row for whose transaction the `INSERT` waited.
    private func compare(_ batch: IngestRows, _ outcomes: inout [Outcome?]) throws(PostgreSQLFailure) {
        let start = batch.rows.startIndex
        var open = outcomes.indices.filter { outcomes[$0] == nil }[...]
        while !open.isEmpty {
            // Some at a time: what is stored may be as large as the contract allows.
            let part = open.prefix(256)
            open = open.dropFirst(256)
            let ids = Set(part.map { ExactText(batch.rows[start + $0].operation.opId) })
            let result = try query(
                "SELECT \(OperationColumn.list()) FROM operation WHERE op_id = ANY($1)", [.texts(ids.map(\.string))])
            var stored: [ExactText: StoredRow] = [:]
            for row in result.rows {
                guard let row = PostgreSQLOperationReader(row: row).storedRow(), let opId = row.opId else { continue }
                stored[ExactText(opId)] = row
            }
            for index in part {
                let operation = batch.rows[start + index].operation
                outcomes[index] = stored[ExactText(operation.opId)].map { $0.holds(operation) ? .duplicate : .conflict }
            }
        }
    }

    // MARK: Refused rows

    /// Inserts the rows that the database takes, and finds those that it does not by halving.
    ///
    /// - Throws: where it takes neither any of them nor a row that nothing is wrong with: then something is wrong for everybody
    ///   (a column that somebody added, a trigger), and no row is to blame.
    func insertByHalves(_ batch: IngestRows) throws(PostgreSQLFailure) -> [Outcome] {
        var search = RefusalSearch(isProbeAccepted: try acceptsProbe(batch))
        let outcomes = try insertByHalves(batch, &search)
        guard search.isTrustworthy else { throw search.systemicFailure }
        return outcomes
    }

    private func insertByHalves(
        _ batch: IngestRows, _ search: inout RefusalSearch
    ) throws(PostgreSQLFailure) -> [Outcome] {
        guard batch.count > 0 else { return [] }
        try execute("SAVEPOINT trustlog_rows")
        do throws(PostgreSQLFailure) {
            let outcomes = try insert(batch)
            try execute("RELEASE trustlog_rows")
            search.note(outcomes)
            return outcomes
        } catch  where error.mayBeTheRows {
            try execute("ROLLBACK TO trustlog_rows; RELEASE trustlog_rows")
            guard batch.count > 1 else {
                search.note([.refused(error.message)])
                if search.isHopeless { throw search.systemicFailure }
                return [.refused(error.message)]
            }
            let middle = batch.rows.startIndex + batch.count / 2
            return try insertByHalves(batch.with(batch.rows[..<middle]), &search)
                + insertByHalves(batch.with(batch.rows[middle...]), &search)
        }
    }

    private func acceptsProbe(_ batch: IngestRows) throws(PostgreSQLFailure) -> Bool {
        try execute("SAVEPOINT trustlog_probe")
        let isAccepted: Bool
        do throws(PostgreSQLFailure) {
            isAccepted = try insert(batch.with([.probe()])) == [.inserted]
        } catch  where error.mayBeTheRows {
            isAccepted = false
        }
        try execute("ROLLBACK TO trustlog_probe; RELEASE trustlog_probe")
        return isAccepted
    }
}

/// Whether refusals are the rows' own fault.
private struct RefusalSearch {
    let isProbeAccepted: Bool
    private var isAnyInserted = false
    private var refusalCount = 0
    private var firstReason = ""

    /// After so many refusals and nothing that was accepted, the rest is not tried.
    private static let patience = 256

    init(isProbeAccepted: Bool) {
        self.isProbeAccepted = isProbeAccepted
    }

    mutating func note(_ outcomes: [PersistResult.Outcome]) {
        for outcome in outcomes {
            switch outcome {
            case .inserted: isAnyInserted = true
            case .duplicate, .conflict: break
            case .refused(let reason):
                if refusalCount == 0 { firstReason = reason }
                refusalCount += 1
            }
        }
    }

    var isTrustworthy: Bool { refusalCount == 0 || isProbeAccepted || isAnyInserted }

    var isHopeless: Bool { !isTrustworthy && refusalCount >= Self.patience }

    var systemicFailure: PostgreSQLFailure {
        PostgreSQLFailure(
            sqlState: nil,
            message:
                "the table operation refuses every row (\(firstReason)); look for columns, constraints or triggers "
                + "that were added to it", kind: .unavailable)
    }
}

extension StoredRow {
    /// Whether the record of this row is the record of the operation, sources aside.
    fileprivate func holds(_ operation: Operation) -> Bool {
        guard case .success(let stored) = content else { return false }
        return Record.hasSameContent(stored.operation, operation)
    }
}
