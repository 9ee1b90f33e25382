/// A call to PostgreSQL that did not succeed, before it is told to the callers of the store.
struct PostgreSQLFailure: Error {
    /// `nil` where the server said nothing: the connection was lost, or could not be made.
    var sqlState: String?
    var message: String
    /// Given where the SQLSTATE does not say it.
    var kind: StoreError.Kind?

    init(sqlState: String?, message: String, kind: StoreError.Kind? = nil) {
        self.sqlState = sqlState
        self.message = message
        self.kind = kind
    }

    static func schema(_ message: String) -> PostgreSQLFailure {
        PostgreSQLFailure(sqlState: nil, message: message, kind: .schema)
    }

    static func lost(_ message: String) -> PostgreSQLFailure {
        PostgreSQLFailure(sqlState: nil, message: message, kind: .unavailable)
    }

    static let closed = PostgreSQLFailure(sqlState: nil, message: "the store was closed", kind: .closed)

    /// The class of the SQLSTATE (PostgreSQL's manual, appendix A).
    private var stateClass: Substring { sqlState?.prefix(2) ?? "" }

    /// Whether the reason may lie in the row that was written: a value it cannot hold, a constraint, a trigger's exception.
    var mayBeTheRows: Bool {
        stateClass == "22" || stateClass == "23" || sqlState == SQLState.raisedException
    }

    /// Whether the connection is as good as before: a row was refused, or somebody else stood in the way. After anything
    /// else a new connection is made, which may find another primary, or a plan for a table that was changed.
    var leavesConnectionUsable: Bool {
        mayBeTheRows || stateClass == "40" || sqlState == SQLState.lockNotAvailable
            || sqlState == SQLState.queryCanceled
    }

    /// As the callers see it: what failed where, and what to do.
    ///
    /// - Parameter place: the database, without secrets.
    func storeError(place: String) -> StoreError {
        let database = "PostgreSQL \(place)"
        if let kind { return StoreError(kind, "\(database): \(message)", code: sqlState) }
        let (kind, advice) = judgement
        return StoreError(kind, "\(database): \(message)\(advice.map { "; \($0)" } ?? "")", code: sqlState)
    }

    private var judgement: (StoreError.Kind, advice: String?) {
        switch sqlState {
        case "42P01", "42703", "3F000", "42883":
            (.schema, "run trustlog migrate, or look at the search_path of the user")
        case "42501":
            (.unavailable, "grant the right to the user of database.url (sql/README.md)")
        case "28P01", "28000":
            (.unavailable, "look at user and password in the settings, and at pg_hba.conf of the server")
        case "3D000":
            (.unavailable, "make the database, or correct its name in database.url")
        case "53300":
            (.unavailable, "lower database.pool-size, or raise max_connections of the server")
        case "53100":
            (.unavailable, "free some space on the server's disk")
        case "25006":
            (.unavailable, "the server takes no writes: a standby; add target_session_attrs=read-write to database.url")
        case SQLState.lockNotAvailable:
            (.unavailable, "another transaction holds the lock; it is waited for")
        default:
            (.unavailable, nil)
        }
    }
}

/// SQLSTATEs that the code asks for by name.
enum SQLState {
    static let lockNotAvailable = "55P03"
    static let queryCanceled = "57014"
    /// `RAISE EXCEPTION` in a function or a trigger, unless it names another.
    static let raisedException = "P0001"
}
