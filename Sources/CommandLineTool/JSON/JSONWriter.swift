extension JSONValue {
    /// RFC 8259 text in one line, without spaces.
    package var compactText: String {
        var text = ""
        append(to: &text, indentation: nil)
        return text
    }

    /// RFC 8259 text for people: one member or element a line, two spaces a level.
    package var prettyText: String {
        var text = ""
        append(to: &text, indentation: 0)
        return text
    }

    private func append(to text: inout String, indentation: Int?) {
        switch self {
        case .null: text += "null"
        case .bool(let value): text += value ? "true" : "false"
        case .integer(let value): text += String(value)
        case .number(let value): text += numberText(value)
        case .string(let value): appendString(value, to: &text)
        case .array(let elements):
            appendList("[", "]", elements, to: &text, indentation) { element, text, indentation in
                element.append(to: &text, indentation: indentation)
            }
        case .object(let members):
            appendList("{", "}", members, to: &text, indentation) { member, text, indentation in
                appendString(member.name, to: &text)
                text += indentation == nil ? ":" : ": "
                member.value.append(to: &text, indentation: indentation)
            }
        }
    }
}

private func appendList<Element>(
    _ open: String, _ close: String, _ elements: [Element], to text: inout String, _ indentation: Int?,
    _ append: (Element, inout String, Int?) -> Void
) {
    text += open
    for (index, element) in elements.enumerated() {
        if index > 0 { text += "," }
        if let indentation { text += "\n" + String(repeating: "  ", count: indentation + 1) }
        append(element, &text, indentation.map { $0 + 1 })
    }
    if let indentation, !elements.isEmpty { text += "\n" + String(repeating: "  ", count: indentation) }
    text += close
}

/// JSON has neither infinities nor NaN: null, as in ECMAScript. Whole numbers without a fraction.
private func numberText(_ value: Double) -> String {
    guard value.isFinite else { return "null" }
    if value.magnitude < 1e15, let whole = Int(exactly: value) { return String(whole) }
    return value.description
}

private func appendString(_ string: String, to text: inout String) {
    text += "\""
    for scalar in string.unicodeScalars {
        switch scalar {
        case "\"": text += "\\\""
        case "\\": text += "\\\\"
        case "\n": text += "\\n"
        case "\r": text += "\\r"
        case "\t": text += "\\t"
        case "\u{0}"..."\u{1F}", "\u{7F}"..."\u{9F}":
            // Those from U+007F on JSON would allow; they drive terminals.
            let digits = String(scalar.value, radix: 16)
            text += "\\u" + String(repeating: "0", count: 4 - digits.utf8.count) + digits
        default: text.unicodeScalars.append(scalar)
        }
    }
    text += "\""
}
