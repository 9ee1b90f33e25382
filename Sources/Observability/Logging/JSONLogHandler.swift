/// One JSON object a line: `time`, `level`, `logger`, `message`, then the metadata as members, sorted by name.
///
/// Metadata named like one of the first four appears as `metadata.<name>`, so that no name stands there twice.
package struct JSONLogHandler: LogHandler {
    private let output: any LogOutput
    private let now: @Sendable () -> LogTime

    package init(output: any LogOutput = DescriptorLogOutput(), now: @escaping @Sendable () -> LogTime = LogTime.now) {
        self.output = output
        self.now = now
    }

    package func log(level: Logger.Level, message: String, metadata: Logger.Metadata, label: String) {
        var line = "{"
        line.appendMember("time", now().description)
        line += ","
        line.appendMember("level", level.rawValue)
        line += ","
        line.appendMember("logger", label)
        line += ","
        line.appendMember("message", message)
        for (name, value) in metadata.sorted(by: { $0.key < $1.key }) {
            line += ","
            line.appendMember(Self.reserved.contains(name) ? "metadata.\(name)" : name, value)
        }
        line += "}\n"
        output.write(line: line)
    }

    private static let reserved: Set<String> = ["time", "level", "logger", "message"]
}

extension String {
    fileprivate mutating func appendMember(_ name: String, _ value: String) {
        appendJSONString(name)
        self += ":"
        appendJSONString(value)
    }

    /// RFC 8259, section 7: the quotation mark, the reverse solidus and the control characters are escaped. U+007F and the
    /// C1 controls are too, which JSON would allow: they drive terminals.
    fileprivate mutating func appendJSONString(_ text: String) {
        self += "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": self += "\\\""
            case "\\": self += "\\\\"
            case "\n": self += "\\n"
            case "\r": self += "\\r"
            case "\t": self += "\\t"
            case "\u{0}"..."\u{1F}", "\u{7F}"..."\u{9F}":
                let digits = String(scalar.value, radix: 16)
                self += "\\u" + String(repeating: "0", count: 4 - digits.utf8.count) + digits
            default: unicodeScalars.append(scalar)
            }
        }
        self += "\""
    }
}
