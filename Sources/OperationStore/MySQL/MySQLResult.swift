import CMariaDB
import TrustlogCore

/// The row in hand of a result; it is valid until the next one is asked for.
struct MySQLRow {
    let values: MYSQL_ROW
    let lengths: UnsafePointer<UInt>
    let count: Int

    func bytes(_ index: Int) -> UnsafeBufferPointer<UInt8>? {
        guard index < count, let value = values[index] else { return nil }
        return UnsafeBufferPointer(
            start: UnsafeRawPointer(value).assumingMemoryBound(to: UInt8.self), count: Int(lengths[index]))
    }

    func isNull(_ index: Int) -> Bool { index >= count || values[index] == nil }

    /// `nil` for NULL and for what is no UTF-8.
    func text(_ index: Int) -> String? { bytes(index).flatMap { String(validating: $0, as: UTF8.self) } }

    func integer(_ index: Int) -> Int64? { text(index).flatMap { Int64($0) } }

    func count(_ index: Int) -> Int { Int(clamping: integer(index) ?? 0) }

    func time(_ index: Int) -> Timestamp? { bytes(index).flatMap { Timestamp(mysql: $0) } }
}

extension Timestamp {
    /// `YYYY-MM-DD hh:mm:ss.ffffff`, as `DATETIME(6)` is written; it is UTC.
    init?(mysql text: UnsafeBufferPointer<UInt8>) {
        guard text.count >= 19, text[10] == UInt8(ascii: " ") else { return nil }
        var bytes = Array(text)
        bytes[10] = UInt8(ascii: "T")
        bytes.append(UInt8(ascii: "Z"))
        self.init(rfc3339: bytes.span)
    }

    /// Stands for a time that cannot be read.
    static let unknownMySQLTime = Timestamp(microseconds: 0)
}

/// Reads the columns of ``OperationColumn`` from `first` on.
struct MySQLOperationReader: OperationColumnReader {
    let row: MySQLRow
    var first = 0

    /// The whole row; `nil` where it has no `seq` (the right side of an outer join that found nothing).
    func storedRow() -> StoredRow? {
        row.integer(first).map { StoredRow(seq: $0, reading: self) }
    }

    /// The bytes of text that the row holds.
    var byteCount: Int { OperationColumn.allCases.reduce(0) { $0 + (row.bytes(first + $1.rawValue)?.count ?? 0) } }

    func text(_ column: OperationColumn) throws(UnreadableRow) -> String? {
        let index = first + column.rawValue
        if let text = row.text(index) { return text }
        if row.isNull(index) { return nil }
        throw .column(column, "is not text in UTF-8")
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
        throw .column(column, "is not a time between 1970 and 9999")
    }
}
