import CLibPQ
import OperationStore
import Testing
import TrustlogTestKit

/// A database of its own on a server that all tests of this process share.
struct PostgreSQLTestDatabase: TestDatabase {
    let server: PostgreSQLServer
    let name: String

    var url: String { server.url(database: name) }

    static var isAvailable: Bool { Requirement.postgreSQL.missing() == nil }

    static func with(_ body: (PostgreSQLTestDatabase) async throws -> Void) async throws {
        let server = try await SharedPostgreSQLServer.shared.server()
        let database = PostgreSQLTestDatabase(server: server, name: try await server.createDatabase())
        try await body(database)
        try await server.psql("DROP DATABASE \(database.name) WITH (FORCE)", database: "postgres")
    }

    /// A database with the schema and one store on it.
    static func withStore(_ body: (any OperationStore, PostgreSQLTestDatabase) async throws -> Void) async throws {
        try await StoreBackend.postgreSQL.withStore { store, database in
            try await body(store, try #require(database as? PostgreSQLTestDatabase))
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
        try RawPostgreSQL(url: url).query(sql)
    }

    func timeLiteral(secondsFromNow: Int) -> String {
        "(clock_timestamp() + interval '\(secondsFromNow) s')"
    }

    var refuseEveryInsert: [String] {
        ["ALTER TABLE operation ADD COLUMN added text, ADD CONSTRAINT c CHECK (added IS NOT NULL) NOT VALID"]
    }

    /// The server checks what it stores.
    var invalidTextLiteral: String? { nil }
}

/// Started by the first test that needs it; ends with this process.
actor SharedPostgreSQLServer {
    static let shared = SharedPostgreSQLServer()

    private var starting: Task<PostgreSQLServer, any Error>?

    func server() async throws -> PostgreSQLServer {
        let task = starting ?? Task { try await PostgreSQLServer.start(settings: ["max_connections": "900"]) }
        starting = task
        return try await task.value
    }
}

/// A connection as an application has it.
final class RawPostgreSQL {
    private let connection: OpaquePointer

    init(url: String) throws {
        guard let opened = PQconnectdb(url) else { throw SQLError(message: "out of memory") }
        connection = opened
        guard PQstatus(opened) == CONNECTION_OK else {
            throw SQLError(message: String(cString: PQerrorMessage(opened)))
        }
        PQsetNoticeProcessor(opened, { _, _ in }, nil)
    }

    deinit {
        PQfinish(connection)
    }

    /// Runs every statement of the text; the rows are those of the last.
    @discardableResult
    func query(_ sql: String) throws -> [[String?]] {
        let result = PQexec(connection, sql)
        defer { PQclear(result) }
        switch PQresultStatus(result) {
        case PGRES_COMMAND_OK, PGRES_TUPLES_OK: break
        default: throw SQLError(message: String(cString: PQresultErrorMessage(result)))
        }
        return (0..<PQntuples(result)).map { row in
            (0..<PQnfields(result)).map { column in
                PQgetisnull(result, row, column) == 1 ? nil : String(cString: PQgetvalue(result, row, column))
            }
        }
    }
}
