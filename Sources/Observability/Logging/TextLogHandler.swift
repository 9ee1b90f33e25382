/// Lines for people: `<time> <LEVEL> <logger>: <message> name=value …`, metadata sorted by name.
///
/// What comes from outside cannot forge a line or drive the terminal: control characters are written as escapes, and a
/// value with spaces or quotation marks is quoted.
package struct TextLogHandler: LogHandler {
    private let output: any LogOutput
    private let isColoured: Bool
    private let now: @Sendable () -> LogTime

    package init(
        output: any LogOutput = DescriptorLogOutput(), isColoured: Bool = false,
        now: @escaping @Sendable () -> LogTime = LogTime.now
    ) {
        self.output = output
        self.isColoured = isColoured
        self.now = now
    }

    package func log(level: Logger.Level, message: String, metadata: Logger.Metadata, label: String) {
        let name = level.rawValue.uppercased()
        let padding = String(repeating: " ", count: max(0, 8 - name.utf8.count))
        var line = now().description + " "
        line += isColoured ? level.colour + name + "\u{1B}[0m" : name
        line += padding + " " + escaped(label) + ": " + escaped(message)
        for (name, value) in metadata.sorted(by: { $0.key < $1.key }) {
            let pair = escaped(name) + "=" + quotedIfNeeded(value)
            line += isColoured ? " \u{1B}[2m" + pair + "\u{1B}[0m" : " " + pair
        }
        output.write(line: line + "\n")
    }
}

extension Logger.Level {
    fileprivate var colour: String {
        switch self {
        case .trace, .debug: "\u{1B}[2m"
        case .info: "\u{1B}[32m"
        case .notice: "\u{1B}[36m"
        case .warning: "\u{1B}[33m"
        case .error: "\u{1B}[31m"
        case .critical: "\u{1B}[1;31m"
        }
    }
}

private func quotedIfNeeded(_ value: String) -> String {
    let isPlain =
        !value.isEmpty && value.unicodeScalars.allSatisfy { $0 != " " && $0 != "\"" && $0 != "=" && $0 != "\\" }
    guard !isPlain else { return escaped(value) }
    var quoted = "\""
    for character in value.unicodeScalars {
        if character == "\"" || character == "\\" { quoted += "\\" }
        quoted.unicodeScalars.append(character)
    }
    return escaped(quoted) + "\""
}

private func escaped(_ text: String) -> String {
    guard text.unicodeScalars.contains(where: isControl) else { return text }
    var result = ""
    for scalar in text.unicodeScalars {
        switch scalar {
        case "\n": result += "\\n"
        case "\r": result += "\\r"
        case "\t": result += "\\t"
        default:
            if isControl(scalar) {
                result += "\\u{" + String(scalar.value, radix: 16) + "}"
            } else {
                result.unicodeScalars.append(scalar)
            }
        }
    }
    return result
}

/// The Unicode category Cc, the line separators, and the marks that reverse the direction of what follows.
private func isControl(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0...0x1F, 0x7F...0x9F, 0x2028, 0x2029, 0x202A...0x202E, 0x2066...0x2069: true
    default: false
    }
}
