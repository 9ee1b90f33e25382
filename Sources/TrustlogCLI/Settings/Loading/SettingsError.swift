package import CommandLineTool

/// One thing that is wrong with the settings.
package struct SettingsProblem: Sendable, Equatable {
    /// `nil` if it is about the settings as a whole.
    package var origin: SettingOrigin?
    package var key: String?
    /// What is wrong; the value, unless it is secret; what is allowed.
    package var message: String

    package init(at origin: SettingOrigin? = nil, key: String? = nil, _ message: String) {
        self.origin = origin
        self.key = key
        self.message = message
    }

    package var text: String {
        [origin?.place, key, message].compactMap { $0 }.joined(separator: ": ")
    }
}

/// Everything that is wrong with the settings; exit code 78.
package struct SettingsError: Error, Sendable, Equatable {
    package var problems: [SettingsProblem]
    /// What is only suspicious, and may explain the rest.
    package var warnings: [String]

    package init(_ problems: [SettingsProblem], warnings: [String] = []) {
        self.problems = problems
        self.warnings = warnings
    }

    /// As a command reports it.
    package var commandError: CommandError {
        let lines = problems.map(\.text)
        let message =
            lines.count == 1 ? lines[0] : "the settings have \(lines.count) errors:\n" + lines.joined(separator: "\n")
        return CommandError(.configuration, message, hint: "'trustlog config schema' lists every setting")
    }
}
