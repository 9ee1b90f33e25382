import CommandLineTool
import KafkaClient
import Observability

/// The messages that a topic holds when this is opened.
struct TopicEvidence: EvidenceSource {
    private let reader: TopicReader
    private let settings: Settings
    private let limit: Duration
    private let topic: String
    /// How many offsets there are to read; more than messages where transactions or compaction left gaps.
    let total: Int

    /// - Throws: ``CommandError`` that says what to do, with exit code 69 where no broker answers within `limit`.
    init(_ topic: String, _ settings: Settings, limit: Duration, logger: Logger) async throws(CommandError) {
        self.topic = topic
        self.settings = settings
        self.limit = limit
        do {
            reader = try TopicReader(configuration: settings.consumerConfiguration, logger: logger)
        } catch {
            throw CommandError(.configuration, "the Kafka client cannot be made: \(error)")
        }
        do {
            let ranges = try await reader.open(topic, at: .beginning, stopsAtEnd: true, timeout: limit)
            total = ranges.reduce(0) { $0 + Int($1.high - $1.low) }
        } catch {
            await reader.close()
            throw error.commandError(Self.action(topic), settings)
        }
    }

    private static func action(_ topic: String) -> String { "cannot read the topic \(topic)" }

    func next() async throws -> [Evidence]? {
        while await !reader.isComplete {
            let messages: [TopicMessage]
            do {
                messages = try await reader.read(maxMessages: 2_000, maxBytes: 4 << 20, timeout: limit)
            } catch {
                throw error.commandError(Self.action(topic), settings)
            }
            if !messages.isEmpty { return messages.map(Evidence.init) }
            guard await reader.isComplete else {
                throw (reader.lastError ?? KafkaError(code: KafkaError.timedOut))
                    .commandError("cannot read the topic \(topic) to its end", settings)
            }
        }
        return nil
    }

    func close() async {
        await reader.close()
    }
}

extension Evidence {
    init(_ message: TopicMessage) {
        place = .message(partition: message.partition, offset: message.offset)
        content = message.value.map { .envelope($0) } ?? .unfit("the message has no value (a tombstone)")
    }
}
