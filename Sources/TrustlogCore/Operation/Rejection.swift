/// Why a message goes to the dead-letter topic instead of the table (contract, section 1).
public struct Rejection: Error, Sendable, Equatable {
    /// The codes, spelt as the header `trustlog-error-code` and the label of the metric spell them.
    public enum Code: String, Sendable, CaseIterable {
        case tooLarge = "too-large"
        case malformed
        case invalid
        case conflict
        case unpersistable
        case unpublishable
    }

    public var code: Code
    /// The field to name, where the contract names one.
    public var field: String?
    /// A sentence for people: what is wrong, for `invalid` every violation.
    public var message: String

    public init(code: Code, field: String? = nil, message: String) {
        self.code = code
        self.field = field
        self.message = message
    }
}

extension Rejection: CustomStringConvertible {
    public var description: String { "\(code.rawValue): \(message)" }
}
