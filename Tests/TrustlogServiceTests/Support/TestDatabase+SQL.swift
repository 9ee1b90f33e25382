import CSQLite

struct SQLError: Error {
    var message: String
}

extension TestDatabase {
    /// Runs statements as another program would.
    func execute(_ sql: String) async throws {
        var handle: OpaquePointer?
        guard sqlite3_open(path, &handle) == SQLITE_OK else { throw SQLError(message: "cannot open \(path)") }
        defer { sqlite3_close_v2(handle) }
        sqlite3_busy_timeout(handle, 5_000)
        guard sqlite3_exec(handle, sql, nil, nil, nil) == SQLITE_OK else {
            throw SQLError(message: String(cString: sqlite3_errmsg(handle)))
        }
    }
}
