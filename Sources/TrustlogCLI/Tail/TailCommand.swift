import CommandLineTool
import KafkaClient
import Observability
import Synchronization
import TrustlogCore

/// `trustlog tail [--verify]`.
enum TailCommand {
    private enum Origin: String, CaseIterable, ExpressibleByArgument {
        case beginning, end
    }

    private static let verify = Flag("verify", help: "Verify each envelope with the keys of the settings.")
    private static let from = Option<Origin>(
        "from", valueName: "POSITION", help: "Where to start in the topic.", default: .end)
    private static let count = Option<Int?>("count", short: "n", valueName: "N", help: "Stop after so many records.")

    static let command: Command = Command(
        "tail", abstract: "Print records of the trustlog topic as they arrive.",
        discussion: """
            A line a record: time and type of the operation, doid, opId, partition@offset, and with --verify the verdict. \
            Nothing is committed: no consumer notices. It ends with --count, or with Ctrl-C (exit code 0).

            Examples:

              trustlog tail --verify
              trustlog tail --from beginning --count 10 -o jsonl
            """,
        group: CommandGroup.records, parameters: [verify, from, count, OutputFormat.option, TimeLimit.option]
    ) { arguments, terminal in
        if let count = arguments[count], count < 1 { throw ValidationError("--count: at least 1") }
        let settings = try GlobalOptions.loadSettings(arguments, terminal, for: .readOutput).settings
        let verifier = arguments[verify] ? try verifier(settings) : nil
        let topic = settings.output.topic
        let reader: TopicReader
        do {
            reader = try TopicReader(
                configuration: settings.consumerConfiguration,
                logger: settings.log.quietLogger(terminal, atLeast: .warning))
        } catch {
            throw CommandError(.configuration, "the Kafka client cannot be made: \(error)")
        }
        do {
            _ = try await reader.open(
                topic, at: arguments[from] == .beginning ? .beginning : .end, stopsAtEnd: false,
                timeout: arguments[TimeLimit.option].duration)
            try await printRecords(of: reader, verifier, arguments, terminal)
        } catch let error as KafkaError {
            await reader.close()
            throw error.commandError("cannot read the topic \(topic)", settings)
        }
        await reader.close()
        return .success
    }

    private static func verifier(_ settings: Settings) throws -> EnvelopeVerifier {
        let keys = try KeyFiles.verificationKeys(settings)
        guard !keys.isEmpty else {
            throw CommandError(
                .configuration, "there is no key to verify with", hint: "set signing.key-file or verify.key-files")
        }
        return EnvelopeVerifier(keys: keys)
    }

    /// Until a signal, the count, or a reader that went away (`| head`).
    private static func printRecords(
        of reader: TopicReader, _ verifier: EnvelopeVerifier?, _ arguments: ParsedArguments, _ terminal: Terminal
    ) async throws(KafkaError) {
        let isStopped = StopFlag()
        let signals = StopSignals {
            isStopped.set()
            reader.wake()
        }
        defer { signals.cancel() }
        var output = TailOutput(arguments[OutputFormat.option], terminal)
        defer { output.finish() }
        var left = arguments[count] ?? .max
        while left > 0, !isStopped.isSet, terminal.output.failure == nil {
            let messages = try await reader.read(
                maxMessages: min(left, 500), maxBytes: 4 << 20, timeout: .seconds(3_600))
            left -= messages.count
            output.append(messages.map { TailedRecord($0, verifier: verifier) })
        }
    }
}

/// Set once, from another thread.
private final class StopFlag: Sendable {
    private let value = Atomic(false)

    var isSet: Bool { value.load(ordering: .acquiring) }

    func set() {
        value.store(true, ordering: .releasing)
    }
}

private struct TailOutput {
    private let format: OutputFormat
    private let terminal: Terminal
    private var listing: ListingWriter

    init(_ format: OutputFormat, _ terminal: Terminal) {
        self.format = format
        self.terminal = terminal
        listing = ListingWriter(format, columns: [], terminal: terminal)
    }

    mutating func append(_ records: [TailedRecord]) {
        switch format {
        case .text: terminal.write(records.map { $0.text(terminal) + "\n" }.joined())
        case .json, .jsonl: listing.append(records.map { ListingWriter.Row(json: $0.json, cells: []) })
        }
    }

    func finish() {
        if format != .text { listing.finish(emptyText: "") }
    }
}
