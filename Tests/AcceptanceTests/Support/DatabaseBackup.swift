import TrustlogTestKit

// Backups as an operator makes them, with the database's own tools; nobody is connected meanwhile.

extension SQLiteDeployment {
    func backUp(to folder: TemporaryFolder) async throws -> String {
        try await Command.check(["sqlite3", file, ".backup '\(folder["backup.db"])'"])
        return folder["backup.db"]
    }

    func restore(_ backup: String) async throws {
        for suffix in ["-wal", "-shm"] { FileTree.remove(file + suffix) }
        try await Command.check(["cp", backup, file])
    }
}

extension PostgreSQLDeployment {
    func backUp(to folder: TemporaryFolder) async throws -> String {
        try await Command.check([
            "pg_dump", "-h", "127.0.0.1", "-p", "\(server.port)", "-U", server.user, "-Fc", "-f", folder["dump"], name,
        ])
        return folder["dump"]
    }

    func restore(_ backup: String) async throws {
        try await server.psql("DROP DATABASE \(name); CREATE DATABASE \(name)", database: "postgres")
        try await Command.check([
            "pg_restore", "-h", "127.0.0.1", "-p", "\(server.port)", "-U", server.user, "-d", name, backup,
        ])
    }
}

extension MariaDBDeployment {
    func backUp(to folder: TemporaryFolder) async throws -> String {
        try await Command.check([
            "mariadb-dump", "--no-defaults", "--socket=\(server.socket)", "-uroot",
            "--default-character-set=utf8mb4", "--result-file=\(folder["dump.sql"])", name,
        ])
        return folder["dump.sql"]
    }

    func restore(_ backup: String) async throws {
        try await server.sql("DROP DATABASE \(name); CREATE DATABASE \(name) CHARACTER SET utf8mb4", database: "mysql")
        try await Command.check(server.client(database: name), inputFile: backup)
    }
}
