import CommandLineTool
import OperationStore
import TrustlogCore
import TrustlogService

/// `trustlog cursors set KEY POSITION`.
enum CursorsSetCommand {
    private static let yes = Flag("yes", help: "Overwrite a cursor that is there.")
    private static let position = Argument<String>(
        "POSITION", help: "Where it is to stand.", completion: PositionText.completion)

    static let command: Command = Command(
        "set", abstract: "Set a bookmark, or move the cursor of a replay that is not running.",
        discussion: """
            \(PositionText.explanation)

            A cursor that is there is overwritten with --yes only. Publishing cursors are refused: the service looks for \
            every row that waits, wherever its cursor stands; to publish again use 'trustlog replay'.

            Example:

              trustlog cursors set before-upgrade end
              trustlog replay --from cursor:before-upgrade
            """,
        parameters: [yes, TimeLimit.option, CursorsCommand.key, position]
    ) { arguments, terminal in
        let key = try CursorsCommand.validKey(arguments[CursorsCommand.key])
        let place = try PositionText.parse(arguments[position], "POSITION")
        let settings = try GlobalOptions.loadSettings(arguments, terminal, for: .database).settings
        return try await settings.withStore(terminal, limit: arguments[TimeLimit.option].duration) { store in
            let editor = CursorEditor(store, owner: ProcessOwner.unique())
            do throws(CursorEditor.Problem) {
                let change = try await editor.set(key, to: place, overwrites: arguments[yes])
                let before = change.previous.flatMap { ReplayCursor(value: $0)?.sequence ?? Int64($0) }
                let origin = before.map { " (it stood at seq \($0))" } ?? ""
                terminal.writeLine("\(printable(key)) stands at seq \(change.sequence)\(origin)")
                return .success
            } catch {
                if case .exists(let row, let sequence) = error {
                    let stands = row.value.map { printable($0) } ?? "nowhere"
                    terminal.writeLine("would move \(printable(key)) from '\(stands)' to seq \(sequence)")
                }
                throw error.commandError
            }
        }
    }
}

/// `trustlog cursors delete KEY`.
enum CursorsDeleteCommand {
    private static let yes = Flag("yes", help: "Do it; without this it only says what it would do.")

    static let command: Command = Command(
        "delete", abstract: "Delete a bookmark, or the cursor of a replay that is not running.",
        discussion: """
            It needs --yes: without it nothing is done, and the exit code is 64. A replay whose cursor is deleted begins \
            anew. Publishing cursors are refused.
            """,
        parameters: [yes, TimeLimit.option, CursorsCommand.key]
    ) { arguments, terminal in
        let key = try CursorsCommand.validKey(arguments[CursorsCommand.key])
        let settings = try GlobalOptions.loadSettings(arguments, terminal, for: .database).settings
        return try await settings.withStore(terminal, limit: arguments[TimeLimit.option].duration) { store in
            let editor = CursorEditor(store, owner: ProcessOwner.unique())
            do throws(CursorEditor.Problem) {
                guard let row = try await editor.existing(key) else { throw .missing(key) }
                guard arguments[yes] else {
                    terminal.writeLine("would delete \(printable(key)): \(printable(row.value ?? "no position"))")
                    return terminal.report(CursorsCommand.unconfirmed)
                }
                try await editor.delete(key)
                terminal.writeLine(
                    "deleted \(printable(key)), which stood at '\(printable(row.value ?? "no position"))'")
                return .success
            } catch {
                throw error.commandError
            }
        }
    }
}

extension CursorsCommand {
    fileprivate static let unconfirmed = CommandError(
        .usage, "nothing was done: --yes is missing", hint: "the same command with --yes does it")

    /// What fits the column in all three databases.
    static func validKey(_ key: String) throws(ValidationError) -> String {
        let hasControls = key.unicodeScalars.contains { $0.properties.generalCategory == .control }
        guard (1...255).contains(key.utf8.count), !hasControls else {
            throw ValidationError("KEY: 1 to 255 bytes without control characters")
        }
        return key
    }

    static func publishing(_ key: String) -> CommandError {
        CommandError(
            .usage,
            """
            '\(key)' is a publishing cursor: it belongs to the service, and its value is only a hint for speed. The service \
            publishes whatever waits, wherever it stands
            """, hint: "to publish again what was published use 'trustlog replay'")
    }

    static func held(_ row: CursorRow) -> CommandError {
        CommandError(
            .failure,
            """
            the cursor '\(printable(row.key))' is in use by \(printable(row.owner ?? "another process")), whose lease ends at \
            \(row.leaseUntil?.rfc3339 ?? "an unknown time") unless it is renewed
            """, hint: "stop that replay, or wait until its lease has ended")
    }
}

extension CursorEditor.Problem {
    fileprivate var commandError: CommandError {
        switch self {
        case .publishingCursor(let key): return CursorsCommand.publishing(key)
        case .missing(let key): return CursorsCommand.missing(key)
        case .exists: return CursorsCommand.unconfirmed
        case .held(let row): return CursorsCommand.held(row)
        case .outOfRange(let replay, let sequence):
            return CommandError(
                .usage,
                """
                seq \(sequence) is not within this replay, which goes from seq \(replay.range.lowerBound) to \
                \(replay.range.upperBound)
                """, hint: "delete the cursor, and begin another replay")
        case .position(let error): return error.commandError
        case .store(let error): return error.commandError
        }
    }
}
