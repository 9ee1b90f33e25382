import CommandLineTool
import TrustlogTestKit

/// A deployment's database as its own command-line client sees it: nothing here passes through Trustlog's drivers.
protocol DeploymentDatabase: Sendable {
    /// As the setting `database.url` takes it.
    var url: String { get }

    /// Runs SQL. - Returns: lines, columns separated by `|`.
    func run(_ sql: String) async throws -> [String]

    /// Whether the client says that there is no such table (yet).
    func isMissingTable(_ error: String) -> Bool

    /// An expression that gives a column's time in the form of the contract, section 2.
    func time(_ column: String) -> String

    /// The table `operation` as lines of JSON, an object each.
    func operationRows() async throws -> [UInt8]

    /// Runs a file through its client, which must succeed. - Returns: whatever it said.
    func load(file: String) async throws -> String

    /// Keeps its state in a file of `folder`. - Returns: what ``restore(_:)`` takes.
    func backUp(to folder: TemporaryFolder) async throws -> String
    /// Goes back to that state.
    func restore(_ backup: String) async throws
}

/// One whose server can be away.
protocol StoppableDatabase: Sendable {
    var port: UInt16 { get }
    /// The URL through another port, that of a proxy.
    func url(port: UInt16) -> String
    func stop() async throws
    func startAgain() async throws
}

/// The columns of `operation` that evidence looks at.
enum EvidenceColumn {
    static let plain = [
        "seq", "op_id", "op_source", "op_type", "do_prefix", "do_repository", "doid", "producer_id", "op_actor",
        "request_body_hash", "response_body_hash", "client_ip", "server_ip", "extra", "source_topic",
        "source_partition", "source_offset", "source_digest", "trustlog_status", "trustlog_partition",
        "trustlog_offset",
    ]
    static let times = ["op_timestamp", "trustlogged_at", "recorded_at"]

    /// `'name', expression` for each, as the functions that make JSON objects take them.
    static func pairs(of database: some DeploymentDatabase) -> String {
        (plain.map { "'\($0)', \($0)" } + times.map { "'\($0)', \(database.time($0))" }).joined(separator: ", ")
    }
}

struct SQLiteDeployment: DeploymentDatabase {
    let file: String

    var url: String { "sqlite:\(file)" }

    func run(_ sql: String) async throws -> [String] {
        try await client(["-cmd", ".timeout 20000"], sql).lines.map(String.init)
    }

    func isMissingTable(_ error: String) -> Bool {
        error.contains("no such table") || error.contains("unable to open database")
    }

    func time(_ column: String) -> String { column }

    func operationRows() async throws -> [UInt8] {
        let sql = "SELECT json_object(\(EvidenceColumn.pairs(of: self))) FROM operation"
        return try await client(["-cmd", ".timeout 20000"], sql).output
    }

    func load(file sql: String) async throws -> String {
        try await Command.check(["sqlite3", "-bail", file], inputFile: sql).saidAnything
    }

    private func client(_ options: [String], _ sql: String) async throws -> CommandResult {
        guard FileTree.exists(file) else { throw CommandError("no such table: \(file) is not there") }
        return try await Command.check(["sqlite3"] + options + [file, sql], timeout: .seconds(300))
    }
}

struct PostgreSQLDeployment: DeploymentDatabase, StoppableDatabase {
    let server: PostgreSQLServer
    let name: String

    var url: String { server.url(database: name) }
    var port: UInt16 { server.port }

    func url(port: UInt16) -> String { url.replacing(":\(self.port)/", with: ":\(port)/") }

    func run(_ sql: String) async throws -> [String] {
        try await server.psql(sql, database: name).split(separator: "\n").map(String.init)
    }

    func isMissingTable(_ error: String) -> Bool { error.contains("does not exist") }

    func time(_ column: String) -> String {
        #"to_char(\#(column) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"#
    }

    func operationRows() async throws -> [UInt8] {
        let sql = "SELECT json_build_object(\(EvidenceColumn.pairs(of: self))) FROM operation"
        return try await Command.check(
            server.client(database: name) + ["-c", sql], timeout: .seconds(300)
        ).output
    }

    func load(file: String) async throws -> String {
        try await Command.check(server.client(database: name) + ["-f", file]).saidAnything
    }

    func stop() async throws { try await server.stop() }
    func startAgain() async throws { try await server.startAgain() }
}

struct MariaDBDeployment: DeploymentDatabase, StoppableDatabase {
    let server: MariaDBServer
    let name: String

    var url: String { server.url(database: name) }
    var port: UInt16 { server.port }

    func url(port: UInt16) -> String { url.replacing(":\(self.port)/", with: ":\(port)/") }

    func run(_ sql: String) async throws -> [String] {
        try await server.sql(sql, database: name).split(separator: "\n").map { line in
            String(line.map { $0 == "\t" ? "|" : $0 })
        }
    }

    func isMissingTable(_ error: String) -> Bool { error.contains("doesn't exist") }

    func time(_ column: String) -> String { "DATE_FORMAT(\(column), '%Y-%m-%dT%H:%i:%s.%fZ')" }

    func operationRows() async throws -> [UInt8] {
        let sql = "SELECT JSON_OBJECT(\(EvidenceColumn.pairs(of: self))) FROM operation"
        return try await Command.check(
            server.client(database: name) + ["--raw", "-e", sql], timeout: .seconds(300)
        ).output
    }

    func load(file: String) async throws -> String {
        try await Command.check(
            server.client(database: name), inputFile: file
        ).saidAnything
    }

    func stop() async throws { try await server.stop() }
    func startAgain() async throws { try await server.startAgain() }
}

extension CommandResult {
    fileprivate var saidAnything: String { text + errorText }
}
