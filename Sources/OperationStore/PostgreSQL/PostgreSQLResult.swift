import CLibPQ
import TrustlogCore

/// The rows that a statement gave, in binary format.
final class PostgreSQLResult {
    private let handle: OpaquePointer
    let rowCount: Int

    /// - Parameter handle: a `PGresult`, which is freed with this object.
    init(handle: OpaquePointer) {
        self.handle = handle
        rowCount = Int(PQntuples(handle))
    }

    deinit {
        PQclear(handle)
    }

    /// How many rows the statement inserted, changed, deleted or gave.
    var affectedCount: Int {
        Int(String(cString: PQcmdTuples(handle))) ?? 0
    }

    var rows: some Sequence<PostgreSQLRow> {
        (0..<rowCount).lazy.map { PostgreSQLRow(result: self, index: Int32($0)) }
    }

    var first: PostgreSQLRow? {
        rowCount > 0 ? PostgreSQLRow(result: self, index: 0) : nil
    }

    /// The bytes of a value; `nil` if it is NULL or there is no such column.
    fileprivate func withBytes<Value>(_ row: Int32, _ column: Int, _ body: (UnsafeRawBufferPointer) -> Value?) -> Value?
    {
        guard column < PQnfields(handle), PQgetisnull(handle, row, Int32(column)) == 0,
            let start = PQgetvalue(handle, row, Int32(column))
        else { return nil }
        return body(UnsafeRawBufferPointer(start: start, count: Int(PQgetlength(handle, row, Int32(column)))))
    }
}

/// One row of a result.
struct PostgreSQLRow {
    fileprivate let result: PostgreSQLResult
    fileprivate let index: Int32

    /// The server keeps text in UTF-8 and checks it.
    func text(_ column: Int) -> String? {
        result.withBytes(index, column) { String(decoding: $0, as: UTF8.self) }
    }

    func integer(_ column: Int) -> Int64? {
        result.withBytes(index, column) { bytes in
            switch bytes.count {
            case 2: Int64(Int16(bigEndian: bytes.loadUnaligned(as: Int16.self)))
            case 4: Int64(Int32(bigEndian: bytes.loadUnaligned(as: Int32.self)))
            case 8: Int64(bigEndian: bytes.loadUnaligned(as: Int64.self))
            default: nil
            }
        }
    }

    func bool(_ column: Int) -> Bool? {
        result.withBytes(index, column) { $0.first.map { $0 != 0 } }
    }

    func count(_ column: Int) -> Int {
        Int(clamping: integer(column) ?? 0)
    }

    func time(_ column: Int) -> Timestamp? {
        result.withBytes(index, column) { bytes in
            bytes.count == 8 ? Timestamp(postgreSQL: Int64(bigEndian: bytes.loadUnaligned(as: Int64.self))) : nil
        }
    }

    func isNull(_ column: Int) -> Bool {
        result.withBytes(index, column) { _ in true } == nil
    }
}

/// The columns of ``OperationColumn`` from `first` on.
struct PostgreSQLOperationReader: OperationColumnReader {
    let row: PostgreSQLRow
    var first = 0

    /// The whole row; `nil` where it has no `seq` (the right side of an outer join that found nothing).
    func storedRow() -> StoredRow? {
        row.integer(first).map { StoredRow(seq: $0, reading: self) }
    }

    func text(_ column: OperationColumn) throws(UnreadableRow) -> String? {
        row.text(first + column.rawValue)
    }

    func integer(_ column: OperationColumn) throws(UnreadableRow) -> Int64? {
        let index = first + column.rawValue
        if let number = row.integer(index) { return number }
        if row.isNull(index) { return nil }
        throw .column(column, "is not an integer")
    }

    func time(_ column: OperationColumn) throws(UnreadableRow) -> Timestamp? {
        let index = first + column.rawValue
        if let time = row.time(index) { return time }
        if row.isNull(index) { return nil }
        throw .column(column, "is not a time that a clock shows")
    }
}
