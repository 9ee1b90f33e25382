import CSQLite
import TrustlogCore

/// A value to bind.
enum SQLiteValue {
    case null
    case integer(Int64)
    case text(String)

    static func integer(_ value: Int) -> SQLiteValue { .integer(Int64(value)) }
    static func text(_ value: String?) -> SQLiteValue { value.map { .text($0) } ?? .null }
    static func integer(_ value: Int64?) -> SQLiteValue { value.map { .integer($0) } ?? .null }
    static func time(_ value: Timestamp) -> SQLiteValue { .text(value.rfc3339) }
}

/// A prepared statement. It belongs to its connection and is used on that connection's thread only.
final class SQLiteStatement {
    private let handle: OpaquePointer
    private let database: OpaquePointer

    /// - Throws: what SQLite says of the text.
    init(_ sql: String, database: OpaquePointer) throws(SQLiteFailure) {
        var handle: OpaquePointer?
        let status = sqlite3_prepare_v3(database, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &handle, nil)
        guard status == SQLITE_OK, let handle else {
            throw SQLiteFailure(code: status, message: String(cString: sqlite3_errmsg(database)))
        }
        self.handle = handle
        self.database = database
    }

    deinit {
        sqlite3_finalize(handle)
    }

    /// Gives the parameters their values, from the first on.
    func bind(_ values: [SQLiteValue]) throws(SQLiteFailure) {
        var index: Int32 = 0
        for value in values {
            index += 1
            let status =
                switch value {
                case .null: sqlite3_bind_null(handle, index)
                case .integer(let number): sqlite3_bind_int64(handle, index, number)
                case .text(var text):
                    text.withUTF8 { bytes in
                        bytes.withMemoryRebound(to: CChar.self) { characters in
                            // A null pointer would mean NULL.
                            sqlite3_bind_text64(
                                handle, index, characters.baseAddress ?? UnsafePointer(emptyText),
                                UInt64(characters.count), trustlog_sqlite_transient(), UInt8(SQLITE_UTF8))
                        }
                    }
                }
            guard status == SQLITE_OK else { throw failure(status) }
        }
    }

    /// Goes to the next row; false at the end.
    func step() throws(SQLiteFailure) -> Bool {
        switch sqlite3_step(handle) {
        case SQLITE_ROW: return true
        case SQLITE_DONE: return false
        case let status: throw failure(status)
        }
    }

    /// Runs it once with these values. Returns how many rows it changed.
    @discardableResult
    func run(_ values: [SQLiteValue]) throws(SQLiteFailure) -> Int {
        defer { reset() }
        try bind(values)
        while try step() {}
        return Int(sqlite3_changes(database))
    }

    /// Ends the read snapshot that an open statement holds, and makes it ready for the next run.
    func reset() {
        sqlite3_reset(handle)
    }

    func forgetValues() {
        sqlite3_clear_bindings(handle)
    }

    private func failure(_ status: Int32) -> SQLiteFailure {
        SQLiteFailure(code: status, message: String(cString: sqlite3_errmsg(database)))
    }

    // MARK: Columns of the row in hand

    func isNull(_ column: Int) -> Bool {
        sqlite3_column_type(handle, Int32(column)) == SQLITE_NULL
    }

    /// `nil` where the value is no integer.
    func integer(_ column: Int) -> Int64? {
        sqlite3_column_type(handle, Int32(column)) == SQLITE_INTEGER
            ? sqlite3_column_int64(handle, Int32(column)) : nil
    }

    /// `nil` where the value is no text, or not in UTF-8.
    func text(_ column: Int) -> String? {
        guard sqlite3_column_type(handle, Int32(column)) == SQLITE_TEXT else { return nil }
        guard let bytes = sqlite3_column_text(handle, Int32(column)) else { return nil }
        let count = Int(sqlite3_column_bytes(handle, Int32(column)))
        return String(validating: UnsafeBufferPointer(start: bytes, count: count), as: UTF8.self)
    }

    /// Text of any kind, what is not UTF-8 replaced; `nil` for NULL.
    func repairedText(_ column: Int) -> String? {
        guard let bytes = sqlite3_column_text(handle, Int32(column)) else { return nil }
        let count = Int(sqlite3_column_bytes(handle, Int32(column)))
        return String(decoding: UnsafeBufferPointer(start: bytes, count: count), as: UTF8.self)
    }

    /// `nil` where the value is not a time as the schema has it.
    func time(_ column: Int) -> Timestamp? {
        text(column).flatMap { Timestamp(sqlite: $0) }
    }

    /// The size of a value in bytes.
    func size(_ column: Int) -> Int {
        Int(sqlite3_column_bytes(handle, Int32(column)))
    }
}

// An empty C string that lives as long as the process and is never written.
nonisolated(unsafe) private let emptyText: UnsafeMutablePointer<CChar> = {
    let text = UnsafeMutablePointer<CChar>.allocate(capacity: 1)
    text.initialize(to: 0)
    return text
}()
