/// What every session is told after it was made, so that nothing depends on how server, database or role are set up.
struct PostgreSQLSession: Sendable {
    /// How long a statement may run.
    static let statementTimeout = Duration.seconds(30)
    /// The same for what an operator asks for once in a while, and for the schema.
    static let longStatementTimeout = Duration.seconds(600)
    /// How long the server lets a transaction of ours stand idle: a process that was stopped inside one would block others on
    /// its unique keys. Below the default session time-out of the consumer, so that whoever takes over does not wait.
    static let idleTransactionTimeout = Duration.seconds(5)

    let lockTimeout: Duration
    /// What this store's announcements of its rows say: others wake for them, it does not.
    let announcer = String(UInt64.random(in: .min ... .max), radix: 16)

    /// What the URL itself sets (`options=-c name=value`) stays, but for the isolation level that the statements rely on.
    var sql: String {
        let settings = [
            ("statement_timeout", Self.statementTimeout.milliseconds), ("lock_timeout", lockTimeout.milliseconds),
            ("idle_in_transaction_session_timeout", Self.idleTransactionTimeout.milliseconds), ("timezone", "UTC"),
            // Compiling costs more than any of the statements here.
            ("jit", "off"),
            // Every statement is answered by an index, row by row. A plan made for the parameters of one call, or by statistics
            // that are older than the backlog, would now and then read the whole table instead.
            ("plan_cache_mode", "force_generic_plan"), ("enable_seqscan", "off"), ("enable_hashjoin", "off"),
            ("enable_mergejoin", "off"),
        ]
        let values = settings.map { "('\($0.0)', '\($0.1)')" }.joined(separator: ", ")
        return """
            SET default_transaction_isolation = 'read committed';
            SELECT set_config(v.name, v.value, false) FROM (VALUES \(values)) AS v (name, value)
            JOIN pg_settings s ON lower(s.name) = v.name WHERE s.source <> 'client' OR v.name = 'timezone'
            """
    }
}

extension Duration {
    /// At least 1, as PostgreSQL takes 0 for no limit.
    fileprivate var milliseconds: String {
        let (seconds, attoseconds) = components
        return String(min(max(1, seconds * 1000 + attoseconds / 1_000_000_000_000_000), Int64(Int32.max)))
    }
}
