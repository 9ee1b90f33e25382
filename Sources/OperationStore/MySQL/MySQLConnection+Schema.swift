extension MySQLConnection {
    /// What the database says of its schema; `nil` where there is none.
    func schemaState() throws(MySQLFailure) -> SchemaState? {
        let tables = try first(
            """
            SELECT count(*) FROM information_schema.tables
            WHERE table_schema = DATABASE() AND table_name = 'trustlog_schema'
            """
        ) { row in row.count(0) }
        guard tables == 1 else { return nil }
        return try first(
            "SELECT version, compatible_from, database_id FROM trustlog_schema ORDER BY version DESC LIMIT 1"
        ) { row in
            SchemaState(version: row.count(0), compatibleFrom: row.count(1), databaseID: row.text(2) ?? "")
        }
    }

    /// - Throws: a failure of kind `schema` that says what to do.
    func requireUsableSchema() throws(MySQLFailure) {
        guard let state = try schemaState() else { throw .schema("it holds no schema; run trustlog migrate") }
        if let problem = state.problem { throw .schema(problem) }
    }

    /// Creates the schema where there is none. Statements that define tables end transactions here, so several processes
    /// take turns by a lock of the server; the text itself may be run again after it was interrupted.
    func migrate() throws(MySQLFailure) {
        if let state = try schemaState(), state.version >= SchemaVersion.current {
            return try requireUsableSchema()
        }
        let isLocked = try first("SELECT GET_LOCK(CONCAT('trustlog ', MD5(DATABASE())), 30)") { row in row.count(0) }
        guard isLocked == 1 else { throw .unavailable("another process is making the schema; it is waited for") }
        try runAll(SchemaText.sql(for: .mySQL))
        // Released with the connection too.
        try forEach("SELECT RELEASE_LOCK(CONCAT('trustlog ', MD5(DATABASE())))") { _ in }
        try requireUsableSchema()
    }
}
