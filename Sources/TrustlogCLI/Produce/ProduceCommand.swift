import CommandLineTool
import KafkaClient

/// `trustlog produce [FILE]`.
enum ProduceCommand {
    private static let file = Argument<String?>(
        "FILE", help: "One JSON object a line; '-' or none: standard input.", completion: .file)
    private static let raw = Flag(
        "raw", help: "Send every line as it is, also one that is no operation (it will be a dead letter).")

    static let command: Command = Command(
        "produce", abstract: "Write operations, one a line, to the input topic.",
        discussion: """
            The key of a message is the operation's doid, the value the line as it is. A line that is no operation is \
            reported with its number and not sent; the others are, and the exit code is 1.

            Examples:

              trustlog produce operations.jsonl
              generate | trustlog produce --set input.topic=operations
            """,
        group: CommandGroup.records, parameters: [raw, TimeLimit.option, file]
    ) { arguments, terminal in
        let settings = try GlobalOptions.loadSettings(arguments, terminal, for: .produce).settings
        let limit = arguments[TimeLimit.option].duration
        let logger = settings.log.quietLogger(terminal)
        let input = try InputFile(arguments[file])
        let action = "cannot write to the topic \(settings.input.topic)"
        try await settings.requireTopic(settings.input.topic, to: action, timeout: limit, logger: logger)

        let tally = ProduceTally(terminal)
        let producer: KafkaProducer
        let lines: LineProducer
        do {
            producer = try KafkaProducer(configuration: settings.linesConfiguration, logger: logger)
            lines = LineProducer(
                input, to: try producer.topic(settings.input.topic), of: producer, tally: tally, limit: limit,
                isRaw: arguments[raw])
        } catch let error as KafkaError {
            throw CommandError(.configuration, "the Kafka client cannot be made: \(error)")
        }
        let progress = ProgressBar("produced", total: nil, terminal: terminal)
        let failure = await outcome { try await lines.run { progress.update(completed: $0) } }
        await producer.close(deadline: .zero)
        progress.update(completed: tally.counts.delivered)
        progress.finish()
        let delivered = tally.counts.delivered
        terminal.writeLine("produced \(delivered) operation\(delivered == 1 ? "" : "s") to \(settings.input.topic)")
        return try conclude(tally.counts, failure, action, settings)
    }

    private static func outcome(_ body: () async throws -> Void) async -> (any Error)? {
        do {
            try await body()
            return nil
        } catch {
            return error
        }
    }

    private static func conclude(
        _ counts: ProduceTally.Counts, _ failure: (any Error)?, _ action: String, _ settings: Settings
    ) throws -> ExitCode {
        let unknown = counts.unknown > 0 ? "; \(counts.unknown) operations were not acknowledged and may be there" : ""
        switch failure {
        case let failure as LineProducer.GaveUp:
            let error = failure.lastError ?? KafkaError(code: KafkaError.timedOut)
            throw error.isRetriable
                ? error.commandError(action + unknown, settings)
                : CommandError(.unreachable, "\(action)\(unknown): \(error)")
        case let error as KafkaError: throw error.commandError(action + unknown, settings)
        case .some(let error): throw error
        case nil: break
        }
        guard counts.refused + counts.unknown > 0 else { return .success }
        throw CommandError(.failure, "\(counts.refused) lines were not produced\(unknown)")
    }
}

extension Settings {
    /// librdkafka's own limit of 1 MB would refuse the largest operations; the broker is the one to say.
    fileprivate var linesConfiguration: KafkaConfiguration {
        var configuration = producerConfiguration
        if configuration.properties["message.max.bytes"] == nil {
            configuration.properties["message.max.bytes"] = String(20 << 20)
        }
        return configuration
    }
}
