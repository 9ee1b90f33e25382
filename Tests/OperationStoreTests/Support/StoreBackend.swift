import Observability
import OperationStore
import Testing
import TrustlogCore

/// A database that the conformance suite runs on: one more case is one more database.
enum StoreBackend: String, Sendable, CustomTestStringConvertible {
    case sqlite, postgreSQL, mariaDB

    /// Those that this machine has.
    static let allCases: [StoreBackend] =
        [.sqlite] + (PostgreSQLTestDatabase.isAvailable ? [.postgreSQL] : [])
        + (MariaDBTestDatabase.isAvailable ? [.mariaDB] : [])

    var testDescription: String { rawValue }

    /// A fresh, empty database of its own, with the schema; gone when `body` ends.
    func withDatabase(_ body: (any TestDatabase) async throws -> Void) async throws {
        switch self {
        case .sqlite: try await SQLiteTestDatabase.with(body)
        case .postgreSQL: try await PostgreSQLTestDatabase.with(body)
        case .mariaDB: try await MariaDBTestDatabase.with(body)
        }
    }

    /// The same with one store on it.
    func withStore(_ body: (any OperationStore, any TestDatabase) async throws -> Void) async throws {
        try await withDatabase { database in
            let store = try database.open()
            do {
                try await store.migrate()
                try await body(store, database)
            } catch {
                await store.close()
                throw error
            }
            await store.close()
        }
    }
}

/// What a test does behind the store's back.
protocol TestDatabase: Sendable {
    /// Another store on the same database, as another process would have.
    func open() throws -> any OperationStore
    /// Runs SQL on a connection of its own, as an application would.
    func execute(_ sql: String) throws
    /// The values of a query as text, `nil` for NULL.
    func query(_ sql: String) throws -> [[String?]]
    /// A literal of a time that lies so far from now on the database's clock.
    func timeLiteral(secondsFromNow: Int) -> String
    /// Makes the table refuse whatever comes, as somebody's migration gone wrong would.
    var refuseEveryInsert: [String] { get }
    /// A literal of bytes that are no UTF-8 in a text column, where the database takes such; `nil` where it does not.
    var invalidTextLiteral: String? { get }
}

/// Swallows what is logged.
struct NoLogHandler: LogHandler {
    func log(level: Logger.Level, message: String, metadata: Logger.Metadata, label: String) {}
}

let quietLogger = Logger(label: "test", handler: NoLogHandler())
