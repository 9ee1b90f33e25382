/// A type that a word of the command line can be read as.
package protocol ExpressibleByArgument: Sendable {
    /// `nil` if the word is no such value.
    init?(argument: String)

    /// What is allowed, for error messages: "an integer", "one of text, json".
    static var argumentExpectation: String { get }

    /// Every value there is, if they are few: shown by help and completed by shells.
    static var allValueStrings: [String] { get }

    /// How the value is written, for the default that help shows.
    var argumentText: String { get }
}

extension ExpressibleByArgument {
    package static var allValueStrings: [String] { [] }
}

extension ExpressibleByArgument where Self: CustomStringConvertible {
    package var argumentText: String { description }
}

extension String: ExpressibleByArgument {
    package init?(argument: String) { self = argument }
    package static var argumentExpectation: String { "text" }
}

extension Int: ExpressibleByArgument {
    package init?(argument: String) { self.init(argument) }
    package static var argumentExpectation: String { "an integer" }
}

extension Double: ExpressibleByArgument {
    package init?(argument: String) {
        guard let value = Double(argument), value.isFinite else { return nil }
        self = value
    }
    package static var argumentExpectation: String { "a number" }
}

/// Enumerations of words need no code of their own.
extension ExpressibleByArgument where Self: RawRepresentable & CaseIterable, RawValue == String {
    package init?(argument: String) { self.init(rawValue: argument) }
    package static var argumentExpectation: String { "one of " + allValueStrings.joined(separator: ", ") }
    package static var allValueStrings: [String] { allCases.map(\.rawValue) }
    package var argumentText: String { rawValue }
}
