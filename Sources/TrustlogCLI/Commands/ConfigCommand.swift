import CommandLineTool

/// `trustlog config check|show|schema`.
enum ConfigCommand {
    static let command = Command(
        "config", abstract: "Check, show and describe the settings.", group: CommandGroup.setup,
        subcommands: [check, show, schema])

    private static let check = Command(
        "check", abstract: "Check the settings; every error is shown.",
        discussion: "Exit code 0 if the service could start with them, 78 if not. Touches neither broker nor database."
    ) { arguments, terminal in
        let loaded = try GlobalOptions.loadSettings(arguments, terminal, for: .run)
        terminal.writeLine(
            "the settings are valid" + (loaded.file.map { " (\(printable($0)))" } ?? " (no settings file)"))
        return .success
    }

    private static let show = Command(
        "show", abstract: "Print the effective settings as YAML, secrets masked.",
        discussion: "A comment behind each value tells where it comes from. The output is a file that --config takes."
    ) { arguments, terminal in
        terminal.write(SettingsShow(try GlobalOptions.loadSettings(arguments, terminal)).yaml())
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
