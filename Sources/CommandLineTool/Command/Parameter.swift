/// What shells offer for a value.
package enum CompletionKind: Sendable, Equatable {
    /// Nothing: the value is free text.
    case none
    case list([String])
    case file
    case directory
}

/// Anything that a command can be given: one of ``Flag``, ``Option``, ``Argument``.
package protocol ParameterDeclaration: Sendable {
    var parameter: Parameter { get }
}

/// The common form of flags, options and arguments, from which parser, help and completions work.
package struct Parameter: Sendable {
    package enum Kind: Sendable, Equatable {
        /// `--name`
        case flag
        /// `--name VALUE`, `--name=VALUE`
        case option
        /// A word by its place.
        case argument
    }

    package var kind: Kind
    /// The long name without its dashes; for an argument its name in help.
    package var name: String
    /// The letter behind a single dash.
    package var short: Character?
    /// How help names the value.
    package var valueName: String
    package var help: String
    package var isRequired: Bool
    package var isRepeated: Bool
    package var defaultText: String?
    package var allowedValues: [String]
    package var completion: CompletionKind
    package var expectation: String
    /// The value that a word stands for, or `nil` if it is none.
    package var read: @Sendable (String) -> (any Sendable)?

    /// How it is named in messages and in the results of the parser.
    package var label: String {
        kind == .argument ? "<\(name)>" : "--\(name)"
    }
}
