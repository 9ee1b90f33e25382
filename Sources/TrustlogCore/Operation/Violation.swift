/// One rule of the contract's table (section 1) that an operation breaks.
public struct Violation: Sendable, Equatable {
    /// The field as the contract spells it, another member's own name, or `extra` for all of these together.
    public var field: String
    /// What is wrong with it, as the rest of a sentence that begins with the field.
    public var problem: String

    public init(field: String, problem: String) {
        self.field = field
        self.problem = problem
    }

    static func missing(_ field: OperationField) -> Violation {
        Violation(field: field.name, problem: "is missing")
    }

    static func number(inMember name: String) -> Violation {
        Violation(
            field: name,
            problem:
                "holds a number that is not allowed: an integer beyond ±(2^53-1), or one beyond the range of a double")
    }

    static func extraTooLarge(_ count: Int) -> Violation {
        let limit = Operation.maximumExtraSize
        return Violation(
            field: "extra",
            problem: "has \(count) bytes in canonical form (all other members), at most \(limit) are allowed")
    }
}

extension Rejection {
    /// How long the names and the message of a rejection may get, in bytes: they become headers of a dead letter, and one
    /// that is too large could never be published.
    static let maximumFieldSize = 1024
    static let maximumMessageSize = 8192

    /// The rejection that names the first of these, and tells all (as far as ``maximumMessageSize`` goes).
    ///
    /// - Parameter unlisted: how many more there are that nobody kept.
    static func invalid(_ violations: [Violation], unlisted: Int = 0) -> Rejection {
        var message = ""
        var told = 0
        for violation in violations {
            let clause = "\(abbreviated(violation.field, to: 128)) \(violation.problem)"
            guard message.utf8.count + clause.utf8.count <= maximumMessageSize else { break }
            message += told == 0 ? clause : "; " + clause
            told += 1
        }
        let untold = violations.count - told + unlisted
        if untold > 0 { message += "; and \(untold) more" }
        return Rejection(
            code: .invalid, field: violations.first.map { abbreviated($0.field, to: maximumFieldSize) },
            message: message)
    }

    static func malformed(_ error: JSONError, duplicateName: String) -> Rejection {
        guard error.reason == .duplicateName else {
            return Rejection(
                code: .malformed, message: "not one JSON object as the contract has it: \(error.description)")
        }
        return Rejection(
            code: .malformed, field: abbreviated(duplicateName, to: maximumFieldSize),
            message:
                "two members of one object are named \(abbreviated(duplicateName, to: 128)), before byte \(error.offset)"
        )
    }

    /// The text, or as many whole characters of it as fit, with an ellipsis behind them.
    private static func abbreviated(_ text: String, to size: Int) -> String {
        guard text.utf8.count > size else { return text }
        var end = text.utf8.index(text.utf8.startIndex, offsetBy: size - 3)
        while String.Index(end, within: text.unicodeScalars) == nil { end = text.utf8.index(before: end) }
        return String(text[..<end]) + "…"
    }
}
