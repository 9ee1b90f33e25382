import KafkaClient
import Testing
import TrustlogTestKit

/// A cluster that a test runs against: librdkafka's mock, or the real broker that the tests share.
enum TestCluster: String, CaseIterable, Sendable, CustomTestStringConvertible {
    case mock, real

    var testDescription: String { rawValue }

    /// Those that are at hand; the real one always where a missing one must fail.
    static var available: [TestCluster] {
        Requirement.kafka.missing() == nil || Requirement.isEnforced ? [.mock, .real] : [.mock]
    }

    /// Runs `body` with the servers and a topic of its own.
    func with(
        partitions: Int = 1, configuration: [String: String] = [:],
        _ body: (_ servers: String, _ topic: String) async throws -> Void
    ) async throws {
        let topic = "t-\(UInt32.random(in: 0 ... .max))"
        switch self {
        case .mock:
            let cluster = try MockCluster()
            try cluster.createTopic(topic, partitions: partitions)
            try await body(cluster.bootstrapServers, topic)
            withExtendedLifetime(cluster) {}
        case .real:
            let servers = try await KafkaBroker.shared().bootstrap
            let admin = try KafkaAdmin(
                configuration: KafkaConfiguration(bootstrapServers: servers), logger: .discarding)
            _ = try await admin.createTopics([
                NewTopic(name: topic, partitions: partitions, configuration: configuration)
            ])
            try await body(servers, topic)
            await admin.close()
        }
    }
}
