/// Which retries `/api/v1/retries` lists: `?dead`, `?error=TEXT`, `?limit=N`.
package struct RetriesQuery: Sendable, Equatable {
    package static let maximumLimit = 1_000

    /// Dead letters only.
    package var onlyDeadLetters = false
    /// Only those whose last error contains this text.
    package var errorContains: String?
    /// The longest failing so many: 1 to 1,000.
    package var limit = maximumLimit

    package init(onlyDeadLetters: Bool = false, errorContains: String? = nil, limit: Int = maximumLimit) {
        self.onlyDeadLetters = onlyDeadLetters
        self.errorContains = errorContains
        self.limit = limit
    }

    /// An unknown name is an error: a misspelt filter that lists everything misleads.
    init(_ items: [(name: String, value: String)]) throws(RetriesQueryError) {
        for (name, value) in items {
            switch name {
            case "dead":
                guard let flag = ["": true, "true": true, "1": true, "false": false, "0": false][value] else {
                    throw RetriesQueryError(message: "dead is true or false")
                }
                onlyDeadLetters = flag
            case "error":
                // No text column holds U+0000, and no driver takes it.
                guard !value.utf8.contains(0), value.utf8.count <= 1_024 else {
                    throw RetriesQueryError(message: "error is a text of at most 1024 bytes without U+0000")
                }
                errorContains = value.isEmpty ? nil : value
            case "limit":
                guard let limit = Int(value), (1...RetriesQuery.maximumLimit).contains(limit) else {
                    throw RetriesQueryError(message: "limit is a number from 1 to \(RetriesQuery.maximumLimit)")
                }
                self.limit = limit
            default:
                throw RetriesQueryError(message: "unknown parameter \"\(name)\": there are dead, error and limit")
            }
        }
    }
}

struct RetriesQueryError: Error, Equatable {
    let message: String
}
