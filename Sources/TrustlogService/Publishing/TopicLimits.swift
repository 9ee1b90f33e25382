import KafkaClient
import Observability

extension KafkaConfiguration {
    /// librdkafka's own limit of what it puts into one batch, in bytes.
    static let batchSize = 1_000_000

    /// The same for a producer whose batches fit into `topics`, as far as their limits may be read.
    ///
    /// A topic refuses a batch that is larger than its `max.message.bytes` as a whole, innocent messages with it. With
    /// batches below the limit only a message that is too large by itself is ever refused.
    @concurrent func limitingBatches(
        to topics: [String], timeout: Duration, logger: Logger
    ) async -> KafkaConfiguration {
        guard let admin = try? KafkaAdmin(configuration: self, logger: logger) else { return self }
        var limit = properties["batch.size"].flatMap { Int($0) } ?? Self.batchSize
        for topic in topics {
            do {
                let settings = try await admin.topicConfiguration(topic, timeout: timeout)
                guard let size = settings["max.message.bytes"].flatMap({ Int($0) }) else { continue }
                limit = min(limit, max(1, size))
            } catch {
                // Often not granted; then what is refused together is sent again one by one.
                logger.debug("the size limit of topic \(topic) cannot be read: \(error)")
                if error.code == KafkaError.timedOut { break }
            }
        }
        await admin.close()
        guard limit < Self.batchSize else { return self }
        var limited = self
        limited.properties["batch.size"] = String(limit)
        return limited
    }
}
