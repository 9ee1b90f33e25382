import CommandLineTool

/// How YAML must write a value.
enum SettingForm: Sendable, Equatable {
    /// Text that says anything: a plain number, boolean or null is a mistake.
    case freeText
    /// Text with a syntax of its own (durations, sizes, words), which alone decides.
    case syntax
    case integer, number, boolean
}

/// What values a setting takes: how they are read, written, described to people and to editors.
package struct SettingType<Value: Sendable>: Sendable {
    var form: SettingForm
    var isList = false
    /// Of a list: whether a text may be an element.
    var isAllowedElement: @Sendable (String) -> Bool = { _ in true }
    /// For tables: "duration".
    var name: String
    /// What is allowed, for errors: "a duration from 1s to 1h (250ms, 10s, 1m, 2h)".
    var expectation: String
    /// JSON Schema.
    var schema: [JSONValue.Member]
    /// One text, or several if it is a list; `nil` if it is no such value.
    var read: @Sendable ([String]) -> Value?
    /// The texts that it is written with; `nil` if there is no value.
    var write: @Sendable (Value) -> [String]?

    /// A type whose value may be missing; an empty text means that it is.
    var optional: SettingType<Value?> {
        let (read, write) = (self.read, self.write)
        return SettingType<Value?>(
            form: form, isList: isList, isAllowedElement: isAllowedElement, name: name, expectation: expectation,
            schema: schema,
            read: { texts in
                if texts == [""] { return .some(nil) }
                return read(texts).map { .some($0) }
            },
            write: { $0.flatMap(write) })
    }

    /// A type of one text.
    static func single(
        _ form: SettingForm, _ name: String, _ expectation: String, schema: [JSONValue.Member],
        read: @escaping @Sendable (String) -> Value?, write: @escaping @Sendable (Value) -> String
    ) -> SettingType {
        SettingType(
            form: form, name: name, expectation: expectation, schema: schema,
            read: { $0.count == 1 ? read($0[0]) : nil }, write: { [write($0)] })
    }
}
