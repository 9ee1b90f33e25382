extension PostgreSQLConnection {
    /// What the database says of its schema; `nil` where there is none.
    func schemaState() throws(PostgreSQLFailure) -> SchemaState? {
        // to_regclass searches as every statement does: along the search_path.
        let isThere = try queryOnce("SELECT to_regclass('trustlog_schema') IS NOT NULL").first?.bool(0)
        guard isThere == true else { return nil }
        let row = try queryOnce(
            "SELECT version, compatible_from, database_id FROM trustlog_schema ORDER BY version DESC LIMIT 1"
        ).first
        return row.map { row in
            SchemaState(
                version: row.count(0), compatibleFrom: row.count(1), databaseID: row.text(2) ?? "")
        }
    }

    /// - Throws: a failure of kind `schema` that says what to do.
    func requireUsableSchema() throws(PostgreSQLFailure) {
        guard let state = try schemaState() else { throw .schema("it holds no schema; run trustlog migrate") }
        if let problem = state.problem { throw .schema(problem) }
    }

    /// Creates the schema where there is none, however many processes do so at once: the text takes a lock by itself.
    func migrate() throws(PostgreSQLFailure) {
        if let state = try schemaState(), state.version >= SchemaVersion.current {
            return try requireUsableSchema()
        }
        // Whoever holds the lock is making the schema.
        try execute("SET lock_timeout = '60s'; SET statement_timeout = '600s'")
        try execute(SchemaText.sql(for: .postgreSQL), limit: PostgreSQLSession.longStatementTimeout)
        try requireUsableSchema()
    }
}
