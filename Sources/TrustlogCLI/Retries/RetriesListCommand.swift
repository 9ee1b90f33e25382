import CommandLineTool
import OperationStore
import TrustlogCore

/// `trustlog retries list`.
enum RetriesListCommand {
    private static let limit = Option<Int?>(
        "limit", short: "n", valueName: "N", help: "List so many rows at most (text: 100; otherwise all).")
    private static let textLimit = 100
    private static let shownReasons = 20

    static let command: Command = Command(
        "list", abstract: "List what waits for a retry, and dead letters, the longest failing first.",
        discussion: """
            As text: how many there are of each reason, then the rows. -o json and jsonl: the rows alone.

            Examples:

              trustlog retries list --dead
              trustlog retries list --error too-large --older-than 1h -o jsonl
            """,
        parameters: [
            RetryFilterOptions.dead, RetryFilterOptions.error, RetryFilterOptions.olderThan, limit,
            OutputFormat.option, TimeLimit.option, RetryFilterOptions.opIds,
        ]
    ) { arguments, terminal in
        if let limit = arguments[limit], limit < 1 { throw ValidationError("--limit: at least 1") }
        let settings = try GlobalOptions.loadSettings(arguments, terminal, for: .database).settings
        let filter = RetryFilterOptions.filter(arguments)
        return try await settings.withStore(terminal, limit: arguments[TimeLimit.option].duration) { store in
            let pages = RetryPages(filter, of: store)
            switch arguments[OutputFormat.option] {
            case .text: try await writeText(pages, limit: arguments[limit] ?? textLimit, terminal)
            case .json: try await writeJSON(pages, .json, limit: arguments[limit] ?? .max, terminal)
            case .jsonl: try await writeJSON(pages, .jsonl, limit: arguments[limit] ?? .max, terminal)
            }
            return .success
        }
    }

    private static func writeJSON(
        _ pages: RetryPages, _ format: OutputFormat, limit: Int, _ terminal: Terminal
    ) async throws(StoreError) {
        var pages = pages
        var left = limit
        var listing = ListingWriter(format, columns: [], terminal: terminal)
        while left > 0, terminal.output.failure == nil, let page = try await pages.next() {
            listing.append(page.prefix(left).map { ListingWriter.Row(json: $0.json, cells: []) })
            left -= min(left, page.count)
        }
        listing.finish(emptyText: "")
    }

    /// Reasons first: whoever has ten thousand rows of three reasons has three things to decide.
    private static func writeText(
        _ pages: RetryPages, limit: Int, _ terminal: Terminal
    ) async throws(StoreError) {
        var pages = pages
        var tally = RetryTally()
        var first: [RetryRow] = []
        while let page = try await pages.next() {
            tally.add(page)
            first += page.prefix(limit - first.count)
        }
        guard tally.count > 0 else {
            return terminal.writeLine("nothing waits for a retry, and there is no dead letter")
        }
        writeReasons(tally, terminal)
        var listing = ListingWriter(.text, columns: columns, terminal: terminal)
        listing.append(first.map { ListingWriter.Row(json: .null, cells: $0.cells) })
        if tally.count > first.count {
            terminal.writeLine("... and \(grouped(tally.count - first.count)) more: --limit shows them")
        }
    }

    private static func writeReasons(_ tally: RetryTally, _ terminal: Terminal) {
        let pending = tally.count - tally.deadLetters
        terminal.writeLine("\(grouped(pending)) pending, \(grouped(tally.deadLetters)) dead letters")
        terminal.writeLine("")
        let reasons = tally.reasons
        let table = Table(
            columns: [.init("COUNT", alignment: .right), .init("REASON", isShortened: true)],
            rows: reasons.prefix(shownReasons).map { [grouped($0.count), $0.reason] })
        terminal.write(table.render(width: terminal.output.isTerminal ? terminal.output.width : nil))
        if reasons.count > shownReasons {
            terminal.writeLine("... and \(grouped(reasons.count - shownReasons)) more reasons")
        }
        terminal.writeLine("")
    }

    private static let columns: [Table.Column] = [
        .init("OPID", isShortened: true), .init("STATUS"), .init("RETRIES", alignment: .right), .init("NEXT RETRY"),
        .init("FIRST FAILED"), .init("LAST ERROR", isShortened: true),
    ]
}

extension RetryRow {
    fileprivate var cells: [String] {
        [
            opId, status.rawValue, String(retryCount), nextRetryAt?.secondsText ?? "-", firstFailedAt.secondsText,
            lastError ?? "",
        ]
    }
}

extension Timestamp {
    /// For tables: RFC 3339 with whole seconds.
    var secondsText: String { rfc3339.prefix { $0 != "." } + "Z" }
}
