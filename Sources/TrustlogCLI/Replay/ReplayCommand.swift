import CommandLineTool
import KafkaClient
import Observability
import OperationStore
import TrustlogService

/// `trustlog replay --from POSITION [--to POSITION] [--cursor KEY] [--topic T] [--rate N] [--dry-run]`.
enum ReplayCommand {
    private static let from = Option<String>(
        "from", valueName: "POSITION", help: "The first row to publish.", completion: PositionText.completion)
    private static let to = Option<String>(
        "to", valueName: "POSITION", help: "The last row to publish.", default: "end",
        completion: PositionText.completion)
    private static let cursor = Option<String>(
        "cursor", valueName: "KEY", help: "Where to keep the position, so that it can go on after an interruption.",
        default: "replay")
    private static let topic = Option<String?>(
        "topic", valueName: "TOPIC", help: "Publish to this topic; else to output.topic.")
    private static let rate = Option<Double?>(
        "rate", valueName: "N", help: "Publish at most so many records a second.")
    private static let dryRun = Flag("dry-run", help: "Only say what would be published.")

    static let command: Command = Command(
        "replay", abstract: "Publish records again, from one place in the table to another.",
        discussion: """
            Publishes every row of the range, whatever its status, and changes no row: records keep their opId, and with \
            the same Ed25519 keys their bytes. It may run beside the service.

            \(PositionText.explanation)

            Interrupted (Ctrl-C, a crash), it keeps its position under --cursor: the same command goes on there, and \
            another one is refused until 'trustlog cursors delete'. Once finished it leaves no cursor. Rows that cannot be \
            published are told and passed; the exit code then is 1, as after an interruption.

            Standard output: on a terminal sentences, with a progress bar on standard error; otherwise JSON lines with \
            event plan, progress (about once a second, and at the end), failed, stopped, done.

            Examples:

              trustlog replay --from time:2026-01-31T00:00:00Z --to time:2026-01-31T23:59:59Z --dry-run
              trustlog replay --from op:7f3c --topic trustlog-copy --rate 500
            """,
        group: CommandGroup.operation, parameters: [from, to, cursor, topic, rate, dryRun, TimeLimit.option]
    ) { arguments, terminal in
        let (first, last) = (
            try PositionText.parse(arguments[from], "--from"), try PositionText.parse(arguments[to], "--to")
        )
        let key = try CursorsCommand.validKey(arguments[cursor])
        if let rate = arguments[rate], rate <= 0 { throw ValidationError("--rate: a number above 0") }
        let purpose: SettingsPurpose = arguments[dryRun] ? .database : .replay
        let settings = try GlobalOptions.loadSettings(arguments, terminal, for: purpose).settings
        let request = ReplayRequest(
            from: first, to: last, topic: try outputTopic(arguments[topic], settings), key: key)
        let limit = arguments[TimeLimit.option].duration
        return try await settings.withStore(terminal, limit: limit) { store in
            do {
                if arguments[dryRun] {
                    let plan = try await ReplayPlan.preview(request, of: store)
                    ReplayReporter(request, terminal).begins(plan)
                    return .success
                }
                return try await publish(request, rate: arguments[rate], settings, store, terminal, limit)
            } catch let error as ReplayError {
                throw error.commandError(request, settings)
            }
        }
    }

    /// Envelopes on the input topic would come back as poison.
    private static func outputTopic(_ chosen: String?, _ settings: Settings) throws(ValidationError) -> String {
        guard let chosen else { return settings.output.topic }
        let isName = chosen.consists(of: \.isNameByte) && chosen.utf8.count <= 249 && chosen != "." && chosen != ".."
        guard isName else { throw ValidationError("--topic: '\(chosen)' is no name that Kafka takes") }
        guard chosen != settings.input.topic, chosen != settings.input.deadLetterTopic else {
            throw ValidationError("--topic: \(chosen) is the service's own input or dead-letter topic")
        }
        return chosen
    }

    private static func publish(
        _ request: ReplayRequest, rate: Double?, _ settings: Settings, _ store: any OperationStore,
        _ terminal: Terminal, _ limit: Duration
    ) async throws -> ExitCode {
        let signers = try KeyFiles.signers(settings.signing)
        let logger = settings.log.quietLogger(terminal)
        try await settings.requireTopic(
            request.topic, to: "cannot publish to the topic \(request.topic)", timeout: limit, logger: logger)
        let reporter = ReplayReporter(request, terminal)
        let replay: Replay
        do {
            replay = try Replay(
                request, configuration: ServiceConfiguration(settings), store: store, signers: signers,
                owner: ProcessOwner.unique(), rate: rate, metrics: TrustlogMetrics(version: Program.version),
                logger: logger, observer: reporter)
        } catch {
            throw CommandError(.configuration, "the Kafka client cannot be made: \(error)")
        }
        let signals = StopSignals { Task { await replay.stop() } }
        defer { signals.cancel() }
        do {
            let result = try await replay.run()
            return try reporter.conclude(result)
        } catch {
            reporter.leaveBar()
            throw error
        }
    }
}

extension ReplayError {
    fileprivate func commandError(_ request: ReplayRequest, _ settings: Settings) -> CommandError {
        let key = printable(request.key)
        switch self {
        case .position(let error): return error.commandError
        case .store(let error): return error.commandError
        case .client(let error): return error.commandError("cannot publish to the topic \(request.topic)", settings)
        case .keyOfWorker(let key):
            return CommandError(
                .usage, "--cursor: '\(key)' is a publishing cursor: it belongs to the service",
                hint: "choose another key with --cursor")
        case .keyOfBookmark:
            return CommandError(
                .usage, "--cursor: '\(key)' is a bookmark, which a replay would overwrite",
                hint: "choose another key with --cursor; --from cursor:\(key) begins there")
        case .otherCommand(let replay):
            return CommandError(
                .usage,
                """
                another replay is not finished under the cursor '\(key)': to \(replay.topic) \(printable(replay.positions)), \
                come to seq \(replay.sequence) of \(replay.range.upperBound)
                """,
                hint: """
                    finish it by its own command, give it up with 'trustlog cursors delete \(key) --yes', or choose another \
                    key with --cursor
                    """)
        case .unreadableCursor(_, let value):
            return CommandError(
                .failure, "the cursor '\(key)' holds '\(printable(value))', which this version does not read",
                hint: "'trustlog cursors delete \(key) --yes' deletes it")
        case .held(let row): return CursorsCommand.held(row)
        case .cursorLost(_, let sequence):
            return CommandError(
                .failure,
                """
                stopped behind seq \(sequence): the cursor '\(key)' was taken, changed or deleted by somebody else meanwhile
                """, hint: "'trustlog cursors show \(key)' tells where it stands")
        }
    }
}
