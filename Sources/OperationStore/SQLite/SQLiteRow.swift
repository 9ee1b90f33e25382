import TrustlogCore

/// The row in hand of a statement whose columns from `first` on are those of ``OperationColumn``.
struct SQLiteRow: OperationColumnReader {
    let statement: SQLiteStatement
    var first = 0

    /// The whole row; `nil` where it has no `seq` (the right side of an outer join that found nothing).
    func storedRow() -> StoredRow? {
        statement.integer(first).map { StoredRow(seq: $0, reading: self) }
    }

    /// The bytes of text that the row holds.
    var byteCount: Int {
        // NULL has no bytes, and the few integers would be rendered as text to be measured.
        OperationColumn.allCases.reduce(0) { sum, column in
            switch column {
            case .seq, .sourcePartition, .sourceOffset: sum
            default: sum + statement.size(first + column.rawValue)
            }
        }
    }

    func text(_ column: OperationColumn) throws(UnreadableRow) -> String? {
        let index = first + column.rawValue
        if let text = statement.text(index) { return text }
        if statement.isNull(index) { return nil }
        throw .column(column, "is not text in UTF-8")
    }

    func integer(_ column: OperationColumn) throws(UnreadableRow) -> Int64? {
        let index = first + column.rawValue
        if let number = statement.integer(index) { return number }
        if statement.isNull(index) { return nil }
        throw .column(column, "is not an integer")
    }

    func time(_ column: OperationColumn) throws(UnreadableRow) -> Timestamp? {
        guard let text = try text(column) else { return nil }
        guard let time = Timestamp(sqlite: text) else {
            throw .column(column, "is not a time as in 2026-01-31T08:15:00.000000Z")
        }
        return time
    }
}
