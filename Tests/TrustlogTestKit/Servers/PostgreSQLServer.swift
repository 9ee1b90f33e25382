import Glibc

/// A PostgreSQL in a temporary folder, on 127.0.0.1 and a Unix socket, without passwords and without fsync.
package final class PostgreSQLServer: Sendable {
    package let port: UInt16
    package let database = "trustlog"
    package let user = "postgres"
    private let folder: TemporaryFolder
    private let server: RestartableServer

    /// The folder of its Unix socket.
    package var socketFolder: String { folder.path }

    /// As the setting `database.url` takes it.
    package var url: String { url(database: database) }

    static let binaries: String? = {
        let base = "/usr/lib/postgresql"
        let versions = FileTree.names(in: base).compactMap { Int($0) }.sorted(by: >)
        let installed = versions.map { "\(base)/\($0)/bin" }.first { FileTree.isExecutable("\($0)/initdb") }
        return environmentVariable("TRUSTLOG_POSTGRESQL_BIN") ?? installed
    }()

    static var whatIsMissing: String? {
        binaries == nil
            ? "no PostgreSQL server: run `make setup-test`, or set TRUSTLOG_POSTGRESQL_BIN to the folder of initdb"
            : nil
    }

    private init(port: UInt16, folder: TemporaryFolder, server: RestartableServer) {
        (self.port, self.folder, self.server) = (port, folder, server)
    }

    /// - Parameter settings: lines of `postgresql.conf`.
    package static func start(settings: [String: String] = [:]) async throws -> PostgreSQLServer {
        guard let binaries else { throw CommandError("no PostgreSQL server") }
        let folder = try TemporaryFolder("tlp")
        let port = try FreePort.find()
        let identity = ServiceUser(name: "postgres")
        try identity.own(folder.path)
        try await Command.check(
            identity.wrap([
                "\(binaries)/initdb", "-D", folder["data"], "-U", "postgres", "-A", "trust", "-E", "UTF8",
                "--locale=C.UTF-8", "--no-sync", "--no-instructions",
            ]))
        let base = [
            "port": "\(port)", "listen_addresses": "127.0.0.1", "unix_socket_directories": folder.path,
            "fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "max_connections": "200",
            "shared_buffers": "64MB",
        ]
        let options = base.merging(settings) { $1 }.sorted { $0.key < $1.key }.flatMap {
            ["-c", "\($0.key)=\($0.value)"]
        }
        let command = identity.wrap(["\(binaries)/postgres", "-D", folder["data"]] + options)
        let server = try RestartableServer(command: command, log: folder["log"])
        let postgres = PostgreSQLServer(port: port, folder: folder, server: server)
        try await postgres.awaitReady()
        try await postgres.psql("CREATE DATABASE trustlog", database: "postgres")
        return postgres
    }

    package func url(database: String) -> String { "postgresql://postgres@127.0.0.1:\(port)/\(database)" }

    /// A new database of its own, for tests that share the server.
    /// - Returns: its name; see ``url(database:)``.
    package func createDatabase() async throws -> String {
        let name = KafkaBroker.uniqueName("db").replacing("-", with: "_")
        try await psql("CREATE DATABASE \(name)", database: "postgres")
        return name
    }

    /// Runs SQL. - Returns: rows as lines, columns separated by `|`.
    @discardableResult
    package func psql(_ sql: String, database: String? = nil) async throws -> String {
        try await Command.check(
            client(database: database ?? self.database) + ["-f", "-"], input: Array(sql.utf8)
        ).text
    }

    /// The command line of psql, which ends with the first error.
    package func client(database: String) -> [String] {
        [
            "psql", "-h", "127.0.0.1", "-p", "\(port)", "-U", "postgres", "-d", database, "-XAtq", "-v",
            "ON_ERROR_STOP=1",
        ]
    }

    /// What the server wrote so far.
    package func log() throws -> String { try FileTree.text(folder["log"]) }

    /// A fast shutdown; open connections are cut.
    package func stop() async throws { try await server.stop(signal: SIGINT) }

    /// SIGKILL to the whole server.
    package func kill() async throws { try await server.stop(signal: SIGKILL) }

    /// On the same port and data.
    package func startAgain() async throws {
        FileTree.remove(folder["data/postmaster.pid"])
        // Its children are groups of their own and may outlive a kill for a moment; it ends where one of them is still there.
        _ = try await poll(within: .seconds(30)) {
            try server.start()
            return (try? await awaitReady()) != nil
        }
        try await awaitReady()
    }

    private func awaitReady() async throws {
        try await server.awaitReady { try await self.psql("SELECT 1", database: "postgres") }
    }
}
