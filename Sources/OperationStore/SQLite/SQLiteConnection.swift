import CSQLite
import Glibc

/// One connection to a database file. It is used on one thread only, that of its ``SQLiteWorker``.
///
/// The journal is a write-ahead log, so that readers never wait for the writer, with `synchronous=NORMAL`: what is committed
/// survives the end of the process at any point. A loss of power may undo the last commits, all of them from some moment
/// on: statuses that are lost lead to repeats, and rows that are lost are consumed again, because `next_offset` in the same
/// database is then behind the offset that the broker knows (contract, section 7).
final class SQLiteConnection {
    enum Mode {
        /// For reading only; the file must be there.
        case read
        /// The file must be there.
        case write
        /// The file is made if it is not there.
        case create
    }

    private let database: OpaquePointer
    private let identity: FileIdentity?
    private let path: String
    private var statements: [String: SQLiteStatement] = [:]

    init(path: String, mode: Mode, busyTimeout: Duration) throws(SQLiteFailure) {
        var handle: OpaquePointer?
        // A reader needs to write too: the index of the log is shared memory in a file.
        let flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | (mode == .create ? SQLITE_OPEN_CREATE : 0)
        let status = sqlite3_open_v2(path, &handle, flags, nil)
        guard status == SQLITE_OK, let handle else {
            let message = handle.map { String(cString: sqlite3_errmsg($0)) } ?? "out of memory"
            sqlite3_close_v2(handle)
            throw SQLiteFailure(code: status, message: message)
        }
        database = handle
        identity = FileIdentity(path: path)
        self.path = path
        sqlite3_extended_result_codes(database, 1)
        let (seconds, attoseconds) = busyTimeout.components
        sqlite3_busy_timeout(database, Int32(clamping: seconds * 1000 + attoseconds / 1_000_000_000_000_000))
        // Every property is set: whatever is thrown from here on, `deinit` closes the database.
        try execute("PRAGMA synchronous=NORMAL; PRAGMA temp_store=MEMORY")
        switch mode {
        case .read: try execute("PRAGMA query_only=ON; PRAGMA cache_size=-4000")
        case .write, .create:
            try execute("PRAGMA cache_size=-16000")
            try useWriteAheadLog()
        }
    }

    deinit {
        statements.removeAll()
        // The log beside a file that was replaced belongs to the new one: SQLite would delete it by its name.
        if isFileReplaced { _ = trustlog_sqlite_set_no_checkpoint_on_close(database) }
        sqlite3_close_v2(database)
    }

    /// Whether the path leads to another file now than when it was opened: what would be written would be lost.
    var isFileReplaced: Bool {
        identity != FileIdentity(path: path)
    }

    /// The mode is kept in the file; it can be changed only while nobody else is there, else a later start does.
    private func useWriteAheadLog() throws(SQLiteFailure) {
        do throws(SQLiteFailure) {
            let mode = try first("PRAGMA journal_mode") { statement in statement.text(0) }
            if mode != "wal" { try execute("PRAGMA journal_mode=WAL") }
        } catch  where [SQLITE_BUSY, SQLITE_LOCKED, SQLITE_READONLY].contains(error.primaryCode) {
            return
        }
    }

    // MARK: Statements

    /// Runs SQL text of several statements, for the schema and for pragmas.
    func execute(_ sql: String) throws(SQLiteFailure) {
        let status = sqlite3_exec(database, sql, nil, nil, nil)
        guard status == SQLITE_OK else {
            throw SQLiteFailure(
                code: sqlite3_extended_errcode(database), message: String(cString: sqlite3_errmsg(database)))
        }
    }

    /// The statement of this text, prepared once a connection.
    func statement(_ sql: String) throws(SQLiteFailure) -> SQLiteStatement {
        if let statement = statements[sql] { return statement }
        let statement = try SQLiteStatement(sql, database: database)
        statements[sql] = statement
        return statement
    }

    /// Runs a statement once with these values. Returns how many rows it changed.
    @discardableResult
    func run(_ sql: String, _ values: [SQLiteValue] = []) throws(SQLiteFailure) -> Int {
        try statement(sql).run(values)
    }

    /// Goes through the rows that a query finds, until `body` returns false.
    func forEach(
        _ sql: String, _ values: [SQLiteValue] = [], _ body: (SQLiteStatement) throws(SQLiteFailure) -> Bool
    ) throws(SQLiteFailure) {
        let statement = try statement(sql)
        defer { statement.reset() }
        try statement.bind(values)
        while try statement.step() {
            guard try body(statement) else { return }
        }
    }

    /// All rows that a query finds.
    func rows<Row>(
        _ sql: String, _ values: [SQLiteValue] = [], _ body: (SQLiteStatement) throws(SQLiteFailure) -> Row
    ) throws(SQLiteFailure) -> [Row] {
        var rows: [Row] = []
        try forEach(sql, values) { statement throws(SQLiteFailure) in
            rows.append(try body(statement))
            return true
        }
        return rows
    }

    /// The first row that a query finds; `nil` if there is none.
    func first<Row>(
        _ sql: String, _ values: [SQLiteValue] = [], _ body: (SQLiteStatement) throws(SQLiteFailure) -> Row
    ) throws(SQLiteFailure) -> Row? {
        var row: Row?
        try forEach(sql, values) { statement throws(SQLiteFailure) in
            row = try body(statement)
            return false
        }
        return row
    }

    // MARK: Transactions

    /// Whether a transaction is open: some errors, and a trigger's `RAISE(ROLLBACK)`, end it.
    var isInTransaction: Bool {
        sqlite3_get_autocommit(database) == 0
    }

    /// Takes the write lock, waiting for it as long as the busy time-out, and commits what `body` did, or nothing.
    func transaction<Value>(
        _ body: (SQLiteConnection) throws(SQLiteFailure) -> Value
    ) throws(SQLiteFailure) -> Value {
        try run("BEGIN IMMEDIATE")
        do throws(SQLiteFailure) {
            let value = try body(self)
            try run("COMMIT")
            return value
        } catch {
            if isInTransaction { _ = try? run("ROLLBACK") }
            throw error
        }
    }

    /// Several reads that see one state of the database.
    func snapshot<Value>(
        _ body: (SQLiteConnection) throws(SQLiteFailure) -> Value
    ) throws(SQLiteFailure) -> Value {
        try run("BEGIN")
        defer { _ = try? run("COMMIT") }
        return try body(self)
    }
}

/// Tells whether a path still leads to the same file.
struct FileIdentity: Equatable {
    private let device: UInt64
    private let inode: UInt64

    /// `nil` where there is no such file.
    init?(path: String) {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        device = UInt64(status.st_dev)
        inode = UInt64(status.st_ino)
    }
}
