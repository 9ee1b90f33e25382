import Glibc
import TrustlogTestKit

/// A real PostgreSQL that lets the user `trustlog` in by TLS and password only.
struct SecurePostgreSQL: Sendable {
    let server: PostgreSQLServer
    let authority: TestAuthority
    private let folder: TemporaryFolder
    static let password = "battery staple"

    /// - Parameter names: what the server's certificate is for.
    static func start(names: String = "DNS:localhost") async throws -> SecurePostgreSQL {
        let authority = try await TestAuthority.make()
        let certificate = try await authority.issue("database", for: names)
        let folder = try TemporaryFolder("tls")
        try FileTree.write(
            """
            local   all all                    trust
            host    all postgres 127.0.0.1/32  trust
            hostssl all trustlog 127.0.0.1/32  scram-sha-256

            """, to: folder["hba"])
        // The server refuses a key that others can read.
        let owner = geteuid() == 0 ? ["-o", "postgres"] : []
        try await Command.check(["install", "-m", "0600"] + owner + [certificate.key, folder["key"]])
        let server = try await PostgreSQLServer.start(settings: [
            "ssl": "on", "ssl_cert_file": certificate.certificate, "ssl_key_file": folder["key"],
            "hba_file": folder["hba"],
        ])
        try await server.psql(
            "CREATE ROLE trustlog LOGIN PASSWORD '\(password)'; ALTER DATABASE trustlog OWNER TO trustlog")
        return SecurePostgreSQL(server: server, authority: authority, folder: folder)
    }

    /// As an operator's Secret has it: nothing about TLS.
    func url(password: String = SecurePostgreSQL.password) -> String {
        "postgresql://trustlog:\(password)@localhost:\(server.port)/trustlog"
    }
}
