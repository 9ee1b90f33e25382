import CommandLineTool
import OperationStore
import TrustlogService

/// `trustlog cursors list|show|set|delete`.
enum CursorsCommand {
    static let command: Command = Command(
        "cursors", abstract: "Show how far publishing and replays have come, and keep bookmarks.",
        discussion: """
            Three kinds of cursor stand side by side: publish (the service's own, publish-0 and so on), replay (of \
            replays that are not finished), and bookmark (yours). Each names a row of the table by its sequence: \
            everything up to that row is behind it.
            """,
        group: CommandGroup.operation,
        subcommands: [
            CursorsListCommand.command, CursorsShowCommand.command, CursorsSetCommand.command,
            CursorsDeleteCommand.command,
        ])

    static let key = Argument<String>("KEY", help: "The cursor's key.")

    static func reports(_ store: any OperationStore, _ settings: Settings) async throws(StoreError) -> [CursorReport] {
        try await CursorReport.all(of: store, cursorCount: settings.cursor.count, try await store.statistics())
    }

    static func missing(_ key: String) -> CommandError {
        CommandError(
            .failure, "there is no cursor '\(printable(key))'", hint: "'trustlog cursors list' shows which there are")
    }
}

/// `trustlog cursors list`.
enum CursorsListCommand {
    static let command: Command = Command(
        "list", abstract: "List all cursors.",
        discussion: """
            LAG: of a publishing cursor, how long the oldest row that waits behind it has waited; of the others, how much \
            later than the row at their position the last row was recorded.
            """,
        parameters: [OutputFormat.option, TimeLimit.option]
    ) { arguments, terminal in
        let settings = try GlobalOptions.loadSettings(arguments, terminal, for: .database).settings
        return try await settings.withStore(terminal, limit: arguments[TimeLimit.option].duration) { store in
            var listing = ListingWriter(arguments[OutputFormat.option], columns: columns, terminal: terminal)
            listing.append(
                try await CursorsCommand.reports(store, settings).map {
                    ListingWriter.Row(json: $0.json, cells: $0.cells)
                })
            listing.finish(
                emptyText: "there is no cursor yet: the service makes its own, 'trustlog cursors set' makes a bookmark")
            return .success
        }
    }

    private static let columns: [Table.Column] = [
        .init("KEY", isShortened: true), .init("KIND"), .init("SEQUENCE", alignment: .right), .init("TIME"),
        .init("LAG", alignment: .right), .init("OWNER", isShortened: true), .init("LEASE UNTIL"), .init("UPDATED"),
    ]
}

/// `trustlog cursors show KEY`.
enum CursorsShowCommand {
    static let command: Command = Command(
        "show", abstract: "Explain one cursor.",
        parameters: [OutputFormat.option, TimeLimit.option, CursorsCommand.key]
    ) { arguments, terminal in
        let settings = try GlobalOptions.loadSettings(arguments, terminal, for: .database).settings
        let key = arguments[CursorsCommand.key]
        return try await settings.withStore(terminal, limit: arguments[TimeLimit.option].duration) { store in
            let reports = try await CursorsCommand.reports(store, settings)
            guard let report = reports.first(where: { $0.row.key.utf8.elementsEqual(key.utf8) }) else {
                throw CursorsCommand.missing(key)
            }
            switch arguments[OutputFormat.option] {
            case .json: terminal.writeLine(report.json.prettyText)
            case .jsonl: terminal.writeLine(report.json.compactText)
            case .text: terminal.write(report.explanation)
            }
            return .success
        }
    }
}
