/// What went wrong in the database, and whether waiting helps.
package struct StoreError: Error, Sendable, CustomStringConvertible {
    package enum Kind: Sendable, Equatable {
        /// The database cannot be reached, is busy, full, read-only, or refuses everybody: wait and try the same call again.
        case unavailable
        /// The schema is missing, too old, or made by a newer program: somebody has to act; waiting helps once they did.
        case schema
        /// The URL or an option of it is wrong: no call can succeed.
        case configuration
        /// ``OperationStore/close()`` was called.
        case closed
    }

    package var kind: Kind
    /// What failed, why, and what to do, for people; never a secret.
    package var message: String
    /// The database's own code (SQLSTATE, MySQL's or SQLite's error number), where there is one.
    package var code: String?

    package init(_ kind: Kind, _ message: String, code: String? = nil) {
        self.kind = kind
        self.message = message
        self.code = code
    }

    package var description: String {
        code.map { "\(message) (\($0))" } ?? message
    }
}
