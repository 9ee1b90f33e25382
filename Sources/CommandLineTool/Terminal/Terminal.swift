import Glibc

/// Where a command writes, and what it may assume about who reads.
package struct Terminal: Sendable {
    package let output: any TerminalStream
    package let error: any TerminalStream
    package let environment: [String: String]

    package init(output: any TerminalStream, error: any TerminalStream, environment: [String: String] = [:]) {
        self.output = output
        self.error = error
        self.environment = environment
    }

    /// The process' own standard output and error.
    package static func standard(environment: [String: String]) -> Terminal {
        Terminal(
            output: DescriptorStream(descriptor: STDOUT_FILENO), error: DescriptorStream(descriptor: STDERR_FILENO),
            environment: environment)
    }

    package func write(_ text: String) {
        output.write(text)
    }

    package func writeLine(_ text: String) {
        output.write(text + "\n")
    }

    /// Whether colours may be used there: on a terminal that understands them, unless `NO_COLOR` is set
    /// (https://no-color.org).
    package func isColoured(_ stream: any TerminalStream) -> Bool {
        stream.isTerminal && (environment["NO_COLOR"] ?? "").isEmpty && environment["TERM"] != "dumb"
    }

    /// The text in a style, where ``isColoured(_:)``.
    package func styled(_ text: String, _ style: TextStyle, on stream: any TerminalStream) -> String {
        isColoured(stream) ? "\u{1B}[\(style.rawValue)m\(text)\u{1B}[0m" : text
    }
}

/// The SGR parameters of ECMA-48 that Trustlog uses.
package enum TextStyle: String, Sendable {
    case bold = "1"
    case dim = "2"
    case red = "31"
    case green = "32"
    case yellow = "33"
    case cyan = "36"
}
