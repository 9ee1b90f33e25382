import BlockingExecutor
import CRdKafka
package import Observability

/// Asks the cluster about topics and groups, and creates topics. Its blocking calls run on a thread of its own, one after
/// another. It connects when it is first asked.
package final class KafkaAdmin: Sendable {
    private let session: AdminSession
    private let context: ClientContext

    package init(configuration: KafkaConfiguration, logger: Logger) throws(KafkaError) {
        context = ClientContext(log: LibraryLog(logger: logger), health: BrokerHealth())
        session = try AdminSession(configuration: configuration, context: context)
    }

    /// The error that librdkafka reported last.
    package var lastError: KafkaError? { context.health.lastError }

    /// Creates topics; one that exists already is fine.
    @concurrent package func createTopics(
        _ topics: [NewTopic], timeout: Duration = .seconds(10)
    ) async throws(KafkaError) -> [TopicCreation] {
        guard !topics.isEmpty else { return [] }
        return try await session.createTopics(topics, timeout: timeout)
    }

    /// The topic's settings as they are in force, for example `max.message.bytes`.
    @concurrent package func topicConfiguration(
        _ topic: String, timeout: Duration = .seconds(10)
    ) async throws(KafkaError) -> [String: String] {
        try await session.topicConfiguration(topic, timeout: timeout)
    }

    /// Asks for each topic by name; one that does not exist is not created but reported with its error.
    @concurrent package func metadata(
        _ topics: [String], timeout: Duration = .seconds(10)
    ) async throws(KafkaError) -> [TopicMetadata] {
        var result: [TopicMetadata] = []
        for topic in topics {
            result.append(try await session.metadata(topic, timeout: timeout))
        }
        return result
    }

    /// Returns when a broker has answered.
    /// - Throws: the reason why none did, as far as it is known.
    @concurrent package func reach(timeout: Duration) async throws(KafkaError) {
        context.health.forgetError()
        do {
            try await session.reach(timeout: timeout)
        } catch {
            throw context.health.lastError ?? error
        }
    }

    /// Whether a broker answers within `timeout`.
    @concurrent package func clusterReachable(timeout: Duration) async -> Bool {
        do {
            try await session.reach(timeout: timeout)
            return true
        } catch {
            return false
        }
    }

    /// How many members the group has; `nil` where there is no such group.
    @concurrent package func consumerGroupMembers(
        _ group: String, timeout: Duration = .seconds(10)
    ) async throws(KafkaError) -> Int? {
        try await session.consumerGroupMembers(group, timeout: timeout)
    }

    /// Frees everything; further calls throw.
    @concurrent package func close() async {
        await session.close()
    }
}
