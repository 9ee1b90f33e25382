extension SQLiteConnection {
    /// What the database says of its schema; `nil` where there is none.
    func schemaState() throws(SQLiteFailure) -> SchemaState? {
        let isThere = try first("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'trustlog_schema'") { _ in
            true
        }
        guard isThere == true else { return nil }
        return try first(
            "SELECT version, compatible_from, database_id FROM trustlog_schema ORDER BY version DESC LIMIT 1"
        ) { row in
            SchemaState(
                version: Int(row.integer(0) ?? 0), compatibleFrom: Int(row.integer(1) ?? 0),
                databaseID: row.repairedText(2) ?? "")
        }
    }

    /// - Throws: a failure of kind `schema` that says what to do.
    func requireUsableSchema() throws(SQLiteFailure) {
        guard let state = try schemaState() else { throw .schema("it holds no schema; run trustlog migrate") }
        if let problem = state.problem { throw .schema(problem) }
    }

    /// Creates the schema where there is none, in one transaction, however many processes do so at once.
    func migrate() throws(SQLiteFailure) {
        if let state = try schemaState(), state.version >= SchemaVersion.current {
            return try requireUsableSchema()
        }
        try transaction { connection throws(SQLiteFailure) in
            try connection.execute(SchemaText.sql(for: .sqlite))
            try connection.requireUsableSchema()
        }
    }
}
