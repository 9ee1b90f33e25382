import CMariaDB
import Glibc
import TrustlogCore

/// One connection to a server, used on one thread only.
final class MySQLConnection {
    private let handle: UnsafeMutablePointer<MYSQL>
    let isMariaDB: Bool
    private let sockets: MySQLSockets
    private var socket: Int32 = -1
    private var lastUse = ContinuousClock.now
    /// The statement being written, kept for its room.
    var scratch = MySQLStatement()

    /// The library's own initialisation is not safe on several threads at once.
    private static let isLibraryReady = mysql_server_init(0, nil, nil) == 0

    /// How much longer than the server an answer is waited for: it should have cancelled the statement by itself.
    private static let grace: Duration = .seconds(5)

    /// - Parameters:
    ///   - sockets: where this connection's is to be found while it lives.
    ///   - allowsSeveralStatements: in one text, for the schema.
    init(
        url: MySQLURL, options: StoreOptions, sockets: MySQLSockets, allowsSeveralStatements: Bool = false
    ) throws(MySQLFailure) {
        self.sockets = sockets
        guard Self.isLibraryReady, let handle = mysql_init(nil) else { throw .unavailable("out of memory") }
        self.handle = handle
        Self.setOptions(handle, url, connectTimeout: options.connectTimeout)
        let flags = allowsSeveralStatements ? UInt(CLIENT_MULTI_STATEMENTS) : 0
        let connected = mysql_real_connect(
            handle, url.host, url.user, url.password, url.database, url.port, url.socket, flags)
        isMariaDB = mysql_get_server_info(handle).map { String(cString: $0).contains("MariaDB") } ?? false
        // From here on every property is set, so that the end of this object closes the handle, whatever is thrown.
        guard connected != nil else { throw Self.failure(handle) }
        socket = sockets.adopt(Int32(mysql_get_socket(handle)))
        for sql in MySQLSession.sql(lockTimeout: options.lockTimeout, isMariaDB: isMariaDB) { try run(sql) }
    }

    deinit {
        sockets.release(socket)
        mysql_close(handle)
    }

    private static func setOptions(_ handle: UnsafeMutablePointer<MYSQL>, _ url: MySQLURL, connectTimeout: Duration) {
        var connect = UInt32(clamping: max(1, connectTimeout.wholeSeconds))
        mysql_options(handle, MYSQL_OPT_CONNECT_TIMEOUT, &connect)
        var answer = UInt32(clamping: (MySQLSession.statementTimeout + grace).wholeSeconds)
        mysql_options(handle, MYSQL_OPT_READ_TIMEOUT, &answer)
        mysql_options(handle, MYSQL_OPT_WRITE_TIMEOUT, &answer)
        var no: my_bool = 0
        var yes: my_bool = 1
        mysql_options(handle, MYSQL_OPT_RECONNECT, &no)
        // Without this a server could ask the client for any of its files.
        var forbidden: UInt32 = 0
        mysql_options(handle, MYSQL_OPT_LOCAL_INFILE, &forbidden)
        mysql_options(handle, MYSQL_SET_CHARSET_NAME, "utf8mb4")
        if let file = url.authorityFile { mysql_options(handle, MYSQL_OPT_SSL_CA, file) }
        if let file = url.certificateFile { mysql_options(handle, MYSQL_OPT_SSL_CERT, file) }
        if let file = url.keyFile { mysql_options(handle, MYSQL_OPT_SSL_KEY, file) }
        switch url.encryption {
        case .disabled, .preferred: break
        case .required: mysql_options(handle, MYSQL_OPT_SSL_ENFORCE, &yes)
        case .verifyIdentity:
            mysql_options(handle, MYSQL_OPT_SSL_ENFORCE, &yes)
            mysql_options(handle, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &yes)
        }
    }

    /// Whether the server is still there; asked only where it may have closed an idle connection.
    var isAlive: Bool {
        // It says nothing unasked: what can be read is its farewell, or the end of the stream.
        var descriptor = pollfd(fd: mysql_get_socket(handle), events: Int16(POLLIN), revents: 0)
        guard poll(&descriptor, 1, 0) == 0 else { return false }
        let idle = lastUse.duration(to: .now)
        return idle < MySQLSession.idleTimeout / 2 || mysql_ping(handle) == 0
    }

    // MARK: Statements

    /// Runs a statement. - Returns: how many rows it changed.
    @discardableResult
    func run(_ sql: String, _ values: [MySQLValue] = []) throws(MySQLFailure) -> Int {
        try run(MySQLStatement(sql, values))
    }

    @discardableResult
    func run(_ statement: MySQLStatement) throws(MySQLFailure) -> Int {
        try send(statement)
        // A statement with rows is not expected here; its rows are let go.
        if let result = mysql_store_result(handle) { mysql_free_result(result) }
        let changed = mysql_affected_rows(handle)
        return changed == .max ? 0 : Int(clamping: changed)
    }

    /// Runs a text of several statements.
    func runAll(_ sql: String) throws(MySQLFailure) {
        try send(MySQLStatement(sql, []))
        while true {
            if let result = mysql_store_result(handle) { mysql_free_result(result) }
            switch mysql_next_result(handle) {
            case 0: continue
            case -1: return
            default: throw Self.failure(handle)
            }
        }
    }

    /// Runs a query and hands each of its rows to `body`.
    func forEach(
        _ sql: String, _ values: [MySQLValue] = [], _ body: (MySQLRow) -> Void
    ) throws(MySQLFailure) {
        try forEach(MySQLStatement(sql, values), body)
    }

    func forEach(_ statement: MySQLStatement, _ body: (MySQLRow) -> Void) throws(MySQLFailure) {
        try send(statement)
        guard let result = mysql_store_result(handle) else { throw Self.failure(handle) }
        defer { mysql_free_result(result) }
        let count = Int(mysql_num_fields(result))
        while let values = mysql_fetch_row(result), let lengths = mysql_fetch_lengths(result) {
            body(MySQLRow(values: values, lengths: lengths, count: count))
        }
    }

    /// All rows of a query, as `transform` makes them.
    func rows<Value>(
        _ sql: String, _ values: [MySQLValue] = [], _ transform: (MySQLRow) -> Value
    ) throws(MySQLFailure) -> [Value] {
        var rows: [Value] = []
        try forEach(sql, values) { rows.append(transform($0)) }
        return rows
    }

    /// The first row of a query; `nil` if it has none.
    func first<Value>(
        _ sql: String, _ values: [MySQLValue] = [], _ transform: (MySQLRow) -> Value
    ) throws(MySQLFailure) -> Value? {
        var first: Value?
        try forEach(sql, values) { row in
            if first == nil { first = transform(row) }
        }
        return first
    }

    /// The database's clock.
    func now() throws(MySQLFailure) -> Timestamp {
        let time = try first("SELECT UTC_TIMESTAMP(6)") { row in row.time(0) }
        guard case .some(.some(let now)) = time else { throw .unavailable("the server tells no time") }
        return now
    }

    private func send(_ statement: MySQLStatement) throws(MySQLFailure) {
        lastUse = .now
        let status = statement.bytes.withUnsafeBufferPointer { bytes in
            bytes.withMemoryRebound(to: CChar.self) { text in
                mysql_real_query(handle, text.baseAddress, UInt(text.count))
            }
        }
        guard status == 0 else { throw Self.failure(handle) }
    }

    // MARK: Transactions

    /// How often a transaction is begun again that fell victim to a deadlock.
    private static let attempts = 5

    /// Commits what `body` did, or nothing. After a deadlock, of which the server has undone everything, `body` runs again.
    func transaction<Value>(
        _ body: (MySQLConnection) throws(MySQLFailure) -> Value
    ) throws(MySQLFailure) -> Value {
        var attempt = 1
        while true {
            do throws(MySQLFailure) {
                try run("START TRANSACTION")
                let value = try body(self)
                try run("COMMIT")
                return value
            } catch {
                if error.leavesConnectionUsable { try run("ROLLBACK") }
                guard error.isDeadlock, attempt < Self.attempts else { throw error }
                attempt += 1
            }
        }
    }

    /// Runs `body` on one snapshot of the database.
    func snapshot<Value>(
        _ body: (MySQLConnection) throws(MySQLFailure) -> Value
    ) throws(MySQLFailure) -> Value {
        try run("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        try run("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY")
        let value = try body(self)
        try run("COMMIT")
        return value
    }

    private static func failure(_ handle: UnsafeMutablePointer<MYSQL>) -> MySQLFailure {
        let number = mysql_errno(handle)
        return MySQLFailure(
            number: number, sqlState: mysql_sqlstate(handle).map { String(cString: $0) } ?? "",
            message: number == 0
                ? "no answer" : mysql_error(handle).map { String(cString: $0) } ?? "error \(number)")
    }
}
