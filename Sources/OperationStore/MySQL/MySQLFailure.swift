import CMariaDB

/// A call to MariaDB or MySQL that did not succeed, before it is told to the callers of the store.
struct MySQLFailure: Error {
    /// The error number of the server (1000-1999, 3000-…) or of the client (2000-2999); 0 where neither said one.
    var number: UInt32
    var sqlState: String
    var message: String
    /// Given where the number does not say it.
    var kind: StoreError.Kind?

    init(number: UInt32, sqlState: String, message: String, kind: StoreError.Kind? = nil) {
        self.number = number
        self.sqlState = sqlState
        self.message = message
        self.kind = kind
    }

    static func schema(_ message: String) -> MySQLFailure {
        MySQLFailure(number: 0, sqlState: "", message: message, kind: .schema)
    }

    static func unavailable(_ message: String) -> MySQLFailure {
        MySQLFailure(number: 0, sqlState: "", message: message, kind: .unavailable)
    }

    static let closed = MySQLFailure(number: 0, sqlState: "", message: "the store was closed", kind: .closed)

    var isDuplicateKey: Bool { number == UInt32(ER_DUP_ENTRY) }

    /// The transaction was rolled back, because two stood in each other's way: it may be begun again.
    var isDeadlock: Bool { number == UInt32(ER_LOCK_DEADLOCK) }

    /// Whether the reason may lie in the row that was written: a value it cannot hold, a constraint, a trigger's `SIGNAL`.
    /// A key that is there already has a branch of its own.
    var mayBeTheRows: Bool {
        switch number {
        // Numbers without an SQLSTATE of their own: CHECK on MySQL and on MariaDB, a column without a default, values
        // that do not fit.
        case 3819, 4025, 1364, 1366, 1264, 1265, 1292, 1406, 1690: true
        default: ["22", "23", "45"].contains(sqlState.prefix(2))
        }
    }

    /// Whether the connection is as good as before: a row was refused, or somebody else stood in the way. After anything
    /// else a new connection is made, which may find another primary.
    var leavesConnectionUsable: Bool {
        mayBeTheRows || isDeadlock || number == UInt32(ER_LOCK_WAIT_TIMEOUT)
    }

    /// As the callers see it: what failed where, and what to do.
    ///
    /// - Parameter place: the database, without secrets.
    func storeError(place: String) -> StoreError {
        let code = number == 0 ? nil : "\(number)"
        let advice = advice.map { "; \($0)" } ?? ""
        return StoreError(kind ?? impliedKind, "MySQL \(place): \(message)\(advice)", code: code)
    }

    private var impliedKind: StoreError.Kind {
        switch number {
        // No such table, column or index.
        case 1146, 1054, 1176: .schema
        default: .unavailable
        }
    }

    private var advice: String? {
        switch number {
        case 1146, 1054, 1176: "run trustlog migrate"
        case 1044, 1045, 1698: "look at user and password in the settings, and at the grants of that user"
        case 1142, 1143, 1227, 1370: "grant the right to the user of database.url (sql/README.md)"
        case 1049: "make the database, or correct its name in database.url"
        case 1040, 1203: "lower database.pool-size, or raise max_connections of the server"
        case 1021, 1114: "free some space on the server's disk"
        case 1290, 1836: "the server takes no writes: a replica? Name the primary in database.url"
        case 1205: "another transaction holds the lock; it is waited for"
        default: nil
        }
    }
}
