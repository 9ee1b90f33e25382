import Testing
import TrustlogTestKit

/// The databases that the promises are tried on.
enum DatabaseKind: String, Sendable, CaseIterable, CustomTestStringConvertible {
    case sqlite, postgresql, mariadb

    /// Those that this machine has; all of them where a missing server is a failure.
    static let available = allCases.filter { kind in
        Requirement.isEnforced || kind.requirement.missing() == nil
    }

    /// ``available`` in the long form of the tests; in the short one those that a test names.
    static func some(_ short: DatabaseKind...) -> [DatabaseKind] {
        Scale.isFull ? available : available.filter { short.contains($0) }
    }

    var testDescription: String { rawValue }

    /// In the folder `sql`.
    var schemaFile: String { self == .mariadb ? "mysql.sql" : "\(rawValue).sql" }

    private var requirement: Requirement {
        switch self {
        case .sqlite: .sqlite3
        case .postgresql: .postgreSQL
        case .mariadb: .mariaDB
        }
    }

    /// A fresh, empty database without the schema: a file in `folder`, or one on a server that all tests share.
    func make(in folder: TemporaryFolder) async throws -> any DeploymentDatabase {
        switch self {
        case .sqlite: return SQLiteDeployment(file: folder["trustlog.db"])
        case .postgresql:
            let server = try await SharedServers.postgreSQL.value
            return PostgreSQLDeployment(server: server, name: try await server.createDatabase())
        case .mariadb:
            let server = try await SharedServers.mariaDB.value
            return MariaDBDeployment(server: server, name: try await server.createDatabase())
        }
    }

    /// The same on a server of its own, which a test may stop.
    func makeStoppable() async throws -> any DeploymentDatabase & StoppableDatabase {
        switch self {
        case .sqlite: throw CommandError("SQLite has no server that could be stopped")
        case .postgresql:
            let server = try await PostgreSQLServer.start()
            return PostgreSQLDeployment(server: server, name: server.database)
        case .mariadb:
            let server = try await MariaDBServer.start()
            return MariaDBDeployment(server: server, name: server.database)
        }
    }
}

/// Started by the first test that asks; ended with this process.
private enum SharedServers {
    static let postgreSQL = Task { try await PostgreSQLServer.start() }
    static let mariaDB = Task { try await MariaDBServer.start() }
}
