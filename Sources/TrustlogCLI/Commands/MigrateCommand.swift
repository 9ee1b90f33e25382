import CommandLineTool
import OperationStore

/// `trustlog migrate [--print|--check]`.
enum MigrateCommand {
    private static let print = Flag(
        "print", help: "Print the SQL for the database of the settings; connect to nothing.")
    private static let check = Flag("check", help: "Only say whether the schema is there and usable: exit 0 or 1.")

    static let command: Command = Command(
        "migrate", abstract: "Create or upgrade the database schema.",
        discussion: """
            Safe to repeat, and while others do the same. The service does it by itself at its start unless \
            database.migrate is false.

            Examples:

              trustlog migrate --set database.url=postgresql://admin@db/app
              trustlog migrate --print > schema.sql
            """,
        group: CommandGroup.setup, parameters: [print, check, TimeLimit.option]
    ) { arguments, terminal in
        if arguments[print], arguments[check] { throw ValidationError("--print and --check exclude each other") }
        let settings = try GlobalOptions.loadSettings(arguments, terminal, for: .database).settings
        if arguments[print] {
            terminal.write(try schemaText(settings.database.url))
            return .success
        }
        if !settings.strategy.usesDatabase {
            terminal.reportLine("note", "strategy is \(settings.strategy.rawValue), which uses no database")
        }
        let limit = arguments[TimeLimit.option].duration
        let store = try settings.openStore(logger: settings.log.quietLogger(terminal))
        do {
            let state = try await withDeadline(limit, waitingFor: "the database") { try await store.schemaState() }
            let outcome: String
            if arguments[check] {
                outcome = try usable(state)
            } else {
                // Not under the deadline: an upgrade of a large table takes its time.
                try await store.migrate()
                outcome = report(before: state, after: try await store.schemaState())
            }
            await store.close()
            terminal.writeLine("\(outcome) (\(printable(settings.database.url.masked)))")
            return .success
        } catch let error as StoreError {
            throw error.commandError
        }
    }

    private static func schemaText(_ url: DatabaseURL) throws -> String {
        guard let dialect = SchemaText.Dialect(rawValue: url.kind.rawValue) else {
            throw CommandError(.configuration, "database.url: there is no schema for \(url.kind.rawValue)")
        }
        return SchemaText.sql(for: dialect)
    }

    private static func usable(_ state: SchemaState?) throws -> String {
        guard let state else {
            throw CommandError(
                .failure, "the database holds no schema of Trustlog",
                hint: "'trustlog migrate' creates it; 'trustlog migrate --print' shows what that does")
        }
        if let problem = state.problem { throw CommandError(.failure, "the schema cannot be used: \(problem)") }
        return "the schema is there and usable: version \(state.version)"
    }

    private static func report(before: SchemaState?, after: SchemaState?) -> String {
        let version = after?.version ?? SchemaVersion.current
        guard let before else { return "created the schema: version \(version)" }
        return before.version == version
            ? "the schema is up to date: version \(version)"
            : "upgraded the schema from version \(before.version) to \(version)"
    }
}
