import CommandLineTool
import OperationStore

/// `trustlog retries requeue`: nothing is lost by it, so it asks for no `--yes`.
enum RetriesRequeueCommand {
    private static let yes = Flag(
        "yes", help: "Accepted as with discard, for scripts that do either; it changes nothing.")

    static let command: Command = Command(
        "requeue", abstract: "Make rows due at once, with all their retries before them.",
        discussion: """
            The status becomes PENDING, the number of retries 0. A running service looks every retry.interval. An \
            operation that is FAILED and has no row, since somebody deleted it, gets one (named, or with --all).

            Examples:

              trustlog retries requeue --dead --error too-large
              trustlog retries requeue OPID OPID
            """,
        parameters: RetriesCommand.selection + [yes, TimeLimit.option, RetryFilterOptions.opIds]
    ) { arguments, terminal in
        let filter = try RetryFilterOptions.requiredFilter(arguments)
        let settings = try GlobalOptions.loadSettings(arguments, terminal, for: .database).settings
        return try await settings.withStore(terminal, limit: arguments[TimeLimit.option].duration) { store in
            try await RetriesCommand.requireKnown(filter.opIds ?? [], in: store, orFailed: true)
            let count = try await store.requeueRetries(filter)
            guard count > 0 else {
                terminal.writeLine("nothing matches: nothing was changed")
                return .success
            }
            let interval = DurationText.format(settings.retry.interval)
            terminal.writeLine(
                "requeued \(grouped(count)): due now; a running service tries them within retry.interval (\(interval))")
            return .success
        }
    }
}

/// `trustlog retries discard`.
enum RetriesDiscardCommand {
    private static let yes = Flag("yes", help: "Do it; without this it only says what it would do.")
    private static let shownRows = 10

    static let command: Command = Command(
        "discard", abstract: "Give rows up: their operations will not be published.",
        discussion: """
            The rows are deleted and the status of their operations becomes DISCARDED, in one transaction (of one that is \
            TRUSTLOGGED it stays); the operations stay in the table, and 'trustlog replay' can still publish them. It needs \
            --yes: without it nothing is done, and the exit code is 64.

            Example:

              trustlog retries discard --dead --error too-large --yes
            """,
        parameters: RetriesCommand.selection + [yes, TimeLimit.option, RetryFilterOptions.opIds]
    ) { arguments, terminal in
        let filter = try RetryFilterOptions.requiredFilter(arguments)
        let settings = try GlobalOptions.loadSettings(arguments, terminal, for: .database).settings
        return try await settings.withStore(terminal, limit: arguments[TimeLimit.option].duration) { store in
            try await RetriesCommand.requireKnown(filter.opIds ?? [], in: store)
            guard arguments[yes] else { return try await preview(filter, store, terminal) }
            let count = try await store.discardRetries(filter)
            terminal.writeLine(
                count > 0
                    ? "discarded \(grouped(count)): their operations, as far as they are there and unpublished, are DISCARDED"
                    : "nothing matches: nothing was changed")
            return .success
        }
    }

    private static func preview(
        _ filter: RetryFilter, _ store: any OperationStore, _ terminal: Terminal
    ) async throws -> ExitCode {
        var pages = RetryPages(filter, of: store)
        var tally = RetryTally()
        var first: [RetryRow] = []
        while let page = try await pages.next() {
            tally.add(page)
            first += page.prefix(shownRows - first.count)
        }
        guard tally.count > 0 else {
            terminal.writeLine("nothing matches: nothing would be changed")
            return .success
        }
        terminal.writeLine(
            "would discard \(grouped(tally.count)), of them \(counted(tally.deadLetters, "dead letter")):")
        for row in first {
            terminal.writeLine("  \(printable(row.opId))  \(row.status.rawValue)  \(printable(row.lastError ?? ""))")
        }
        if tally.count > first.count { terminal.writeLine("  ... and \(grouped(tally.count - first.count)) more") }
        throw CommandError(.usage, "nothing was done: --yes is missing", hint: "the same command with --yes does it")
    }
}

extension RetriesCommand {
    fileprivate static let selection: [any ParameterDeclaration] = [
        RetryFilterOptions.dead, RetryFilterOptions.error, RetryFilterOptions.olderThan, RetryFilterOptions.all,
    ]

    /// A misspelt opId changes nothing, not even the rows of the others.
    /// - Parameter orFailed: one that is `FAILED` without a row of `trustlog_retry` will do.
    fileprivate static func requireKnown(
        _ opIds: [String], in store: any OperationStore, orFailed: Bool = false
    ) async throws {
        var unknown: [(String, OperationStatus?)] = []
        for opId in opIds
        where try await store.retries(RetryFilter(opIds: [opId]), after: nil, limit: 1).isEmpty {
            let status = try await store.operation(opId: opId)?.status
            if !orFailed || status != .failed { unknown.append((opId, status)) }
        }
        if !unknown.isEmpty { throw Self.unknown(unknown) }
    }
}
