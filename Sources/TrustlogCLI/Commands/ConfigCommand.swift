import CommandLineTool
import Glibc
import Observability

/// `trustlog config check|show|schema`.
enum ConfigCommand {
    static let command = Command(
        "config", abstract: "Check, show and describe the settings.", group: CommandGroup.setup,
        subcommands: [check, show, schema])

    private static let connect = Flag("connect", help: "Also try broker and database: topics, rights, sizes, schema.")

    private static let check = Command(
        "check", abstract: "Check the settings; every error is shown.",
        discussion: """
            Exit code 0 if the service could start with them, 78 if not. Key files are tried, and so is whether librdkafka \
            makes the clients that the service needs. A file that the service does not read (of the signing keys under \
            db-only, and verify.key-files, which are for 'verify', 'tail' and 'audit') may be missing: that is a warning.

            With --connect also 69 if broker or database do not answer. It writes a line each for what it tried; warnings \
            are no failure.
            """,
        parameters: [connect, TimeLimit.option]
    ) { arguments, terminal in
        let loaded = try GlobalOptions.loadSettings(arguments, terminal, for: .run)
        var problems = ConfigurationProblems()
        checkKeys(loaded.settings, terminal, &problems)
        loaded.settings.checkClients(&problems)
        try problems.check { "the settings have \($0) errors" }
        terminal.writeLine(
            "the settings are valid" + (loaded.file.map { " (\(printable($0)))" } ?? " (no settings file)"))
        guard arguments[connect] else { return .success }
        return await tryConnections(loaded.settings, limit: arguments[TimeLimit.option].duration, terminal)
    }

    private static func tryConnections(_ settings: Settings, limit: Duration, _ terminal: Terminal) async -> ExitCode {
        let logger = settings.log.quietLogger(terminal, atLeast: .critical)
        var findings = await BrokerCheck(settings: settings, limit: limit, logger: logger).findings()
        if settings.strategy.usesDatabase {
            findings += await DatabaseCheck(settings: settings, limit: limit, logger: logger).findings()
        }
        for finding in findings { terminal.writeLine(finding.line(terminal)) }
        return findings.exitCode
    }

    /// What the service does not read itself may be missing, say where a file of settings is checked before a deployment.
    private static func checkKeys(
        _ settings: Settings, _ terminal: Terminal, _ problems: inout ConfigurationProblems
    ) {
        var needed = settings
        let isThere = { (path: String) in
            if access(path, F_OK) == 0 || errno != ENOENT { return true }
            terminal.reportLine("warning", "the key file \(path) is not there")
            return false
        }
        if !settings.strategy.publishes {
            needed.signing.keyFile = settings.signing.keyFile.flatMap { isThere($0) ? $0 : nil }
            needed.signing.additionalKeyFiles.removeAll { !isThere($0) }
        }
        needed.verify.keyFiles.removeAll { !isThere($0) }
        KeyFiles.check(needed, &problems)
    }

    private static let show = Command(
        "show", abstract: "Print the effective settings as YAML, secrets masked.",
        discussion: "A comment behind each value tells where it comes from. The output is a file that --config takes."
    ) { arguments, terminal in
        let loaded = try GlobalOptions.loadSettings(arguments, terminal)
        for problem in loaded.propertyProblems { terminal.reportLine("warning", problem.text) }
        terminal.write(SettingsShow(loaded).yaml())
        return .success
    }

    private static let format = Option<SchemaFormat>(
        "output", short: "o", valueName: "FORMAT", help: "JSON Schema, or a table in Markdown.", default: .json)

    private static let schema = Command(
        "schema", abstract: "Print every setting with type, default and meaning, as JSON Schema.",
        discussion: "Editors that know JSON Schema complete and check a settings file by it.", parameters: [format]
    ) { arguments, terminal in
        switch arguments[format] {
        case .json: terminal.writeLine(SettingsSchema.json().prettyText)
        case .markdown: terminal.write(SettingsTable.markdown())
        }
        return .success
    }

    private enum SchemaFormat: String, CaseIterable, ExpressibleByArgument {
        case json, markdown
    }
}
