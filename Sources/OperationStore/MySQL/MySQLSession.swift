/// What every session is told once it is connected.
enum MySQLSession {
    /// How long a statement may run (MariaDB stops it by itself), and the answer to it is waited for.
    static let statementTimeout: Duration = .seconds(30)
    /// How long the server keeps a connection that says nothing: a process that is stopped in the middle of a transaction
    /// must not hold its locks for longer than a consumer group's session (10 s by default).
    static let idleTimeout: Duration = .seconds(8)

    /// - Parameter lockTimeout: how long a statement waits for another transaction's lock.
    static func sql(lockTimeout: Duration, isMariaDB: Bool) -> [String] {
        let lockSeconds = max(1, lockTimeout.wholeSeconds)
        var statements = [
            // Debian's client library connects as utf8mb3. The collation compares byte by byte without padding.
            "SET NAMES utf8mb4 COLLATE \(isMariaDB ? "utf8mb4_nopad_bin" : "utf8mb4_0900_bin")",
            """
            SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_BACKSLASH_ESCAPES,NO_ENGINE_SUBSTITUTION,ERROR_FOR_DIVISION_BY_ZERO',
                time_zone = '+00:00', innodb_lock_wait_timeout = \(lockSeconds), autocommit = 1,
                wait_timeout = \(idleTimeout.wholeSeconds)
            """,
            "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED",
        ]
        if isMariaDB {
            statements.append(
                """
                SET SESSION max_statement_time = \(statementTimeout.wholeSeconds),
                    idle_transaction_timeout = \(idleTimeout.wholeSeconds)
                """)
        }
        return statements
    }
}

extension Duration {
    /// Rounded up.
    var wholeSeconds: Int {
        let (seconds, attoseconds) = components
        return Int(clamping: attoseconds > 0 ? seconds + 1 : seconds)
    }
}
