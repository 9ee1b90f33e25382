import Glibc

/// A MariaDB in a temporary folder, on 127.0.0.1 and a Unix socket, without passwords and without flushing.
package final class MariaDBServer: Sendable {
    package let port: UInt16
    package let database = "trustlog"
    package let user = "trustlog"
    private let folder: TemporaryFolder
    private let server: RestartableServer

    package var socket: String { folder["s"] }

    /// As the setting `database.url` takes it.
    package var url: String { url(database: database) }

    private static var serverPath: String? { FileTree.program("mariadbd") ?? installed("/usr/sbin/mariadbd") }

    private static func installed(_ path: String) -> String? { FileTree.isExecutable(path) ? path : nil }

    static var whatIsMissing: String? {
        guard serverPath != nil, FileTree.program("mariadb-install-db") != nil else {
            return "no MariaDB server: run `make setup-test`"
        }
        return nil
    }

    private init(port: UInt16, folder: TemporaryFolder, server: RestartableServer) {
        (self.port, self.folder, self.server) = (port, folder, server)
    }

    /// - Parameter settings: options of the server, without the dashes.
    package static func start(settings: [String: String] = [:]) async throws -> MariaDBServer {
        guard let serverPath else { throw CommandError("no MariaDB server") }
        let folder = try TemporaryFolder("tlm")
        let port = try FreePort.find()
        let identity = ServiceUser(name: "mysql")
        try identity.own(folder.path)
        try await Command.check(
            identity.wrap([
                "mariadb-install-db", "--no-defaults", "--datadir=\(folder["data"])", "--skip-test-db",
                "--auth-root-authentication-method=normal",
            ]), timeout: .seconds(120))
        let base = [
            "datadir": folder["data"], "socket": folder["s"], "port": "\(port)", "bind-address": "127.0.0.1",
            "pid-file": folder["pid"], "innodb-flush-log-at-trx-commit": "0", "skip-name-resolve": "ON",
            "innodb-buffer-pool-size": "64M",
        ]
        let options = base.merging(settings) { $1 }.sorted { $0.key < $1.key }.map { "--\($0.key)=\($0.value)" }
        let server = try RestartableServer(
            command: identity.wrap([serverPath, "--no-defaults"] + options), log: folder["log"])
        let mariadb = MariaDBServer(port: port, folder: folder, server: server)
        try await mariadb.awaitReady()
        try await mariadb.sql(
            """
            CREATE DATABASE trustlog CHARACTER SET utf8mb4; CREATE USER trustlog@'127.0.0.1';
            GRANT ALL ON *.* TO trustlog@'127.0.0.1' WITH GRANT OPTION
            """, database: "mysql")
        return mariadb
    }

    package func url(database: String) -> String { "mysql://trustlog@127.0.0.1:\(port)/\(database)" }

    /// A new database of its own, for tests that share the server.
    /// - Returns: its name; see ``url(database:)``.
    package func createDatabase() async throws -> String {
        let name = KafkaBroker.uniqueName("db").replacing("-", with: "_")
        try await sql("CREATE DATABASE \(name) CHARACTER SET utf8mb4", database: "mysql")
        return name
    }

    /// Runs SQL as root. - Returns: rows as lines, columns separated by tabs; what is special in a column is escaped.
    @discardableResult
    package func sql(_ sql: String, database: String? = nil) async throws -> String {
        try await Command.check(client(database: database ?? self.database), input: Array(sql.utf8)).text
    }

    /// The command line of the server's own client, as root.
    package func client(database: String) -> [String] {
        [
            "mariadb", "--no-defaults", "--socket=\(socket)", "-uroot", "-N", "-B", "--default-character-set=utf8mb4",
            database,
        ]
    }

    /// A shutdown as by an operator.
    package func stop() async throws { try await server.stop(signal: SIGTERM) }

    /// SIGKILL.
    package func kill() async throws { try await server.stop(signal: SIGKILL) }

    /// On the same port and data.
    package func startAgain() async throws {
        try server.start()
        try await awaitReady()
    }

    private func awaitReady() async throws {
        try await server.awaitReady { try await self.sql("SELECT 1", database: "mysql") }
    }
}
