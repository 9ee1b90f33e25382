import CSQLite

/// A call to SQLite that did not succeed, before it is told to the callers of the store.
struct SQLiteFailure: Error {
    /// The extended result code.
    var code: Int32
    var message: String
    /// Given where the code does not say it.
    var kind: StoreError.Kind?

    init(code: Int32, message: String, kind: StoreError.Kind? = nil) {
        self.code = code
        self.message = message
        self.kind = kind
    }

    var primaryCode: Int32 { code & 0xff }

    /// Whether the reason may lie in the row that was written: a constraint, a trigger's `RAISE`, a type, a size.
    var mayBeTheRows: Bool {
        [SQLITE_CONSTRAINT, SQLITE_MISMATCH, SQLITE_TOOBIG].contains(primaryCode)
    }

    /// Whether the connection is as good as before: only somebody else's lock stood in the way, or a row was refused.
    var leavesConnectionUsable: Bool {
        mayBeTheRows || primaryCode == SQLITE_BUSY || primaryCode == SQLITE_LOCKED
    }

    static func schema(_ message: String) -> SQLiteFailure {
        SQLiteFailure(code: SQLITE_ERROR, message: message, kind: .schema)
    }

    /// As the callers see it: what failed where, and what to do.
    func storeError(path: String) -> StoreError {
        let database = "SQLite database \(path)"
        if let kind { return StoreError(kind, "\(database): \(message)") }
        let code = String(self.code)
        return switch primaryCode {
        case SQLITE_NOTADB:
            StoreError(
                .schema, "\(database): the file is not an SQLite database; set database.url to another file",
                code: code)
        case SQLITE_CORRUPT:
            StoreError(
                .schema,
                "\(database): the file is damaged (\(message)); restore it from a backup, together with its -wal file",
                code: code)
        case SQLITE_BUSY, SQLITE_LOCKED:
            StoreError(
                .unavailable, "\(database): another connection holds the write lock (\(message)); it is waited for",
                code: code)
        case SQLITE_FULL:
            StoreError(.unavailable, "\(database): \(message); free some space on its disk", code: code)
        case SQLITE_READONLY:
            StoreError(
                .unavailable, "\(database): \(message); the file and its folder must be writable", code: code)
        case SQLITE_CANTOPEN:
            StoreError(
                .unavailable, "\(database): \(message); its folder must exist and be writable", code: code)
        case SQLITE_ERROR where isMissingSchema:
            StoreError(.schema, "\(database): \(message); run trustlog migrate", code: code)
        default:
            StoreError(.unavailable, "\(database): \(message)", code: code)
        }
    }

    private var isMissingSchema: Bool {
        ["no such table", "no such column", "no such index", "has no column named"].contains {
            message.utf8Contains($0)
        }
    }
}

extension String {
    fileprivate func utf8Contains(_ text: String) -> Bool {
        let haystack = Array(utf8)
        let needle = Array(text.utf8)
        guard haystack.count >= needle.count else { return false }
        return (0...haystack.count - needle.count).contains { start in
            haystack[start..<start + needle.count].elementsEqual(needle)
        }
    }
}
