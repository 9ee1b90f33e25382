import CMariaDB
import OperationStore
import Testing
import TrustlogTestKit

/// A database of its own on a server that all tests of this process share.
struct MariaDBTestDatabase: TestDatabase {
    let server: MariaDBServer
    let name: String

    var url: String { server.url(database: name) }

    static var isAvailable: Bool { Requirement.mariaDB.missing() == nil }

    static func with(_ body: (MariaDBTestDatabase) async throws -> Void) async throws {
        let server = try await SharedMariaDBServer.shared.server()
        let database = MariaDBTestDatabase(server: server, name: try await server.createDatabase())
        try await body(database)
        try await server.sql("DROP DATABASE \(database.name)")
    }

    /// A database with the schema and one store on it.
    static func withStore(_ body: (any OperationStore, MariaDBTestDatabase) async throws -> Void) async throws {
        try await StoreBackend.mariaDB.withStore { store, database in
            try await body(store, try #require(database as? MariaDBTestDatabase))
        }
    }

    func open() throws -> any OperationStore {
        try open(url: url)
    }

    func open(
        url: String, password: String? = nil, poolSize: Int = 4, lockTimeout: Duration = .seconds(20)
    ) throws -> any OperationStore {
        try StoreFactory.open(
            url: url, password: password, options: StoreOptions(poolSize: poolSize, lockTimeout: lockTimeout),
            logger: quietLogger)
    }

    func execute(_ sql: String) throws {
        _ = try query(sql)
    }

    func query(_ sql: String) throws -> [[String?]] {
        try connect().query(sql)
    }

    /// A connection as an application has it.
    func connect() throws -> RawMariaDB {
        try RawMariaDB(port: server.port, user: server.user, database: name)
    }

    /// Ends every other connection to this database.
    func killOthers() throws {
        let connection = try connect()
        let others = try connection.query(
            "SELECT id FROM information_schema.processlist WHERE db = DATABASE() AND id <> CONNECTION_ID()")
        for id in others.compactMap({ $0.first ?? nil }) { _ = try? connection.query("KILL CONNECTION \(id)") }
    }

    func timeLiteral(secondsFromNow: Int) -> String {
        "UTC_TIMESTAMP(6) + INTERVAL \(secondsFromNow) SECOND"
    }

    var refuseEveryInsert: [String] {
        ["ALTER TABLE operation ADD COLUMN added INT NOT NULL"]
    }

    /// The server checks what it stores.
    var invalidTextLiteral: String? { nil }
}

/// Started by the first test that needs it; ends with this process.
private actor SharedMariaDBServer {
    static let shared = SharedMariaDBServer()

    private var starting: Task<MariaDBServer, any Error>?

    func server() async throws -> MariaDBServer {
        let task = starting ?? Task { try await MariaDBServer.start() }
        starting = task
        return try await task.value
    }
}

/// A connection as an application has it: with the server's own modes, in a time zone of its own.
final class RawMariaDB {
    private let connection: UnsafeMutablePointer<MYSQL>

    init(port: UInt16, user: String, database: String) throws {
        guard let opened = mysql_init(nil) else { throw SQLError(message: "out of memory") }
        connection = opened
        mysql_options(opened, MYSQL_SET_CHARSET_NAME, "utf8mb4")
        guard mysql_real_connect(opened, "127.0.0.1", user, nil, database, UInt32(port), nil, 0) != nil else {
            throw SQLError(message: String(cString: mysql_error(opened)))
        }
        _ = try query("SET time_zone = '+08:00'")
    }

    deinit {
        mysql_close(connection)
    }

    func query(_ sql: String) throws -> [[String?]] {
        guard mysql_real_query(connection, sql, UInt(sql.utf8.count)) == 0 else {
            throw SQLError(message: String(cString: mysql_error(connection)))
        }
        guard let result = mysql_store_result(connection) else { return [] }
        defer { mysql_free_result(result) }
        var rows: [[String?]] = []
        while let values = mysql_fetch_row(result) {
            rows.append((0..<Int(mysql_num_fields(result))).map { index in values[index].map { String(cString: $0) } })
        }
        return rows
    }
}
