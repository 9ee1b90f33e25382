import CSQLite
import Glibc
import OperationStore
import TrustlogCore

/// A database file in a folder of its own.
struct SQLiteTestDatabase: TestDatabase {
    let folder: String
    var path: String { "\(folder)/trustlog.db" }

    static func with(_ body: (SQLiteTestDatabase) async throws -> Void) async throws {
        var template = Array("/tmp/trustlog-store-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw SQLError(message: "no temporary folder") }
        let folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        defer {
            for suffix in ["", "-wal", "-shm", "-journal", ".backup"] { unlink("\(folder)/trustlog.db\(suffix)") }
            rmdir(folder)
        }
        try await body(SQLiteTestDatabase(folder: folder))
    }

    func open() throws -> any OperationStore {
        try StoreFactory.open(
            url: "sqlite:\(path)", password: nil, options: StoreOptions(lockTimeout: .seconds(5)),
            logger: quietLogger)
    }

    func execute(_ sql: String) throws {
        _ = try query(sql)
    }

    func query(_ sql: String) throws -> [[String?]] {
        try withConnection { connection in try connection.query(sql) }
    }

    func withConnection<Value>(_ body: (RawConnection) throws -> Value) throws -> Value {
        try body(RawConnection(path: path))
    }

    func timeLiteral(secondsFromNow: Int) -> String {
        let now = Timestamp.now()
        return "'\(Timestamp(microseconds: now.microseconds + Int64(secondsFromNow) * 1_000_000).rfc3339)'"
    }

    var refuseEveryInsert: [String] {
        [
            """
            CREATE TRIGGER refuse BEFORE INSERT ON operation
            BEGIN SELECT RAISE(ABORT, 'nothing goes in'); END
            """
        ]
    }

    var invalidTextLiteral: String? { "CAST(x'c328' AS TEXT)" }
}

struct SQLError: Error, CustomStringConvertible {
    var message: String
    var description: String { message }
}

/// A connection as an application has it.
final class RawConnection {
    private let database: OpaquePointer

    init(path: String) throws {
        var handle: OpaquePointer?
        guard sqlite3_open(path, &handle) == SQLITE_OK, let handle else { throw SQLError(message: "cannot open") }
        database = handle
        sqlite3_busy_timeout(database, 5000)
    }

    deinit {
        sqlite3_close_v2(database)
    }

    /// Runs every statement of the text; the rows are those of all.
    func query(_ sql: String) throws -> [[String?]] {
        final class Rows { var values: [[String?]] = [] }
        let rows = Rows()
        var message: UnsafeMutablePointer<CChar>?
        let status = sqlite3_exec(
            database, sql,
            { context, count, values, _ in
                guard let context, let values else { return 1 }
                let rows = Unmanaged<Rows>.fromOpaque(context).takeUnretainedValue()
                rows.values.append((0..<Int(count)).map { index in values[index].map { String(cString: $0) } })
                return 0
            }, Unmanaged.passUnretained(rows).toOpaque(), &message)
        defer { sqlite3_free(message) }
        guard status == SQLITE_OK else {
            throw SQLError(message: message.map { String(cString: $0) } ?? "error \(status)")
        }
        return rows.values
    }
}
