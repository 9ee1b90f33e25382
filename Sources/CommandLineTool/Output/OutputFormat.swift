/// How a listing is written: `-o text|json|jsonl`.
package enum OutputFormat: String, CaseIterable, ExpressibleByArgument {
    /// A table for people.
    case text
    /// One array.
    case json
    /// One object a line.
    case jsonl

    /// The option of every listing.
    package static let option = Option<OutputFormat>(
        "output", short: "o", valueName: "FORMAT", help: "How to write it.", default: .text)
}

/// `-o text|json`, for commands whose answer is one document.
package enum DocumentFormat: String, CaseIterable, ExpressibleByArgument {
    case text, json

    package static let option = Option<DocumentFormat>(
        "output", short: "o", valueName: "FORMAT", help: "How to write it.", default: .text)
}
