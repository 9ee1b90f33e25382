/// What a command reports when it cannot go on: what failed and why, what to do next, and the exit code.
package struct CommandError: Error, Sendable {
    package var exitCode: ExitCode
    /// What failed and why; several lines if several things did.
    package var message: String
    /// What to do next, if there is something.
    package var hint: String?

    package init(_ exitCode: ExitCode, _ message: String, hint: String? = nil) {
        self.exitCode = exitCode
        self.message = message
        self.hint = hint
    }
}

/// A command line that cannot be understood; exit code 64.
package struct UsageError: Error, Sendable, Equatable {
    package var message: String
    /// What was probably meant.
    package var suggestion: String?
    /// The usage line of the command that was being read.
    package var usage: String
    /// The words that lead to that command, for example `trustlog config show`.
    package var commandPath: String

    package init(message: String, suggestion: String? = nil, usage: String = "", commandPath: String = "") {
        self.message = message
        self.suggestion = suggestion
        self.usage = usage
        self.commandPath = commandPath
    }
}

/// Thrown by a command whose arguments are each valid but do not fit together; reported as a usage error.
package struct ValidationError: Error, Sendable {
    package var message: String

    package init(_ message: String) {
        self.message = message
    }
}
