package import Observability

/// Makes the store that a URL names.
package enum StoreFactory {
    /// The database need not be there yet: the first call connects, and so does the next one after a failure.
    ///
    /// - Parameters:
    ///   - url: `sqlite:FILE`, `postgresql://…` with any parameter of libpq, or `mysql://user@host:port/database`.
    ///   - password: added to the URL (setting `database.password`); SQLite has none.
    /// - Throws: ``StoreError`` of kind `configuration`, without the secrets that the URL may hold.
    package static func open(
        url: String, password: String?, options: StoreOptions, logger: Logger
    ) throws(StoreError) -> any OperationStore {
        switch kind(of: url) {
        case .sqlite:
            if password != nil { logger.warning("database.password is ignored: SQLite has no passwords") }
            return SQLiteStore(path: try SQLiteURL(url).path, options: options, logger: logger)
        case .postgreSQL: return try PostgreSQLStore(url: url, password: password, options: options, logger: logger)
        case .mySQL: return try MySQLStore(url: url, password: password, options: options, logger: logger)
        case nil: throw unsupported
        }
    }

    /// Reads the URL as ``open(url:password:options:logger:)`` does, and connects to nothing.
    ///
    /// - Throws: ``StoreError`` of kind `configuration`, without the secrets that the URL may hold.
    package static func check(url: String) throws(StoreError) {
        switch kind(of: url) {
        case .sqlite: _ = try SQLiteURL(url)
        case .postgreSQL: _ = try PostgreSQLURL(url, password: nil, connectTimeout: StoreOptions().connectTimeout)
        case .mySQL: _ = try MySQLURL(url, password: nil)
        case nil: throw unsupported
        }
    }

    private enum Kind {
        case sqlite, postgreSQL, mySQL
    }

    private static func kind(of url: String) -> Kind? {
        switch url.utf8.firstIndex(of: UInt8(ascii: ":")).map({ url[..<$0].lowercased() }) {
        case "sqlite": .sqlite
        case "postgresql", "postgres": .postgreSQL
        case "mysql", "mariadb": .mySQL
        default: nil
        }
    }

    private static var unsupported: StoreError {
        StoreError(
            .configuration,
            "database.url names no database that is supported; write sqlite:trustlog.db, "
                + "postgresql://user@host/database or mysql://user@host/database")
    }
}
