import KafkaClient
import Observability
import OperationStore
import Testing
import TrustlogCore
import TrustlogTestKit

@testable import TrustlogService

/// A member of a group at work: consumer, writer and dead letters between a mock cluster and a database.
final class IngestFixture: Sendable {
    let supervisor: IngestSupervisor
    let state = ServiceState()
    let metrics = TrustlogMetrics(version: "test")
    let logs = CapturingLogHandler()
    private let running: Task<Void, Never>

    init(
        _ servers: String, _ database: TestDatabase, clock: any ServiceClock = FastClock(),
        _ change: (inout ServiceConfiguration) -> Void = { _ in }, heartbeat: @escaping @Sendable () -> Void = {}
    ) {
        var configuration = makeConfiguration(servers)
        configuration.input.sessionTimeout = .seconds(6)
        configuration.shutdownTimeout = .seconds(5)
        change(&configuration)
        let supervisor = IngestSupervisor(
            configuration: configuration, store: database.store, state: state, metrics: metrics, clock: clock,
            logger: logs.logger(), heartbeat: heartbeat, onPersisted: {})
        self.supervisor = supervisor
        running = Task { await supervisor.run() }
    }

    /// In the order of the partitions.
    var lag: [Int64] { supervisor.lag.sorted { $0.0.partition < $1.0.partition }.map(\.1) }

    func stop() async {
        supervisor.stop()
        await running.value
    }
}

/// A mock cluster with the topics of the pipeline.
struct PipelineCluster {
    let cluster: MockCluster
    let feeder: TopicFeeder
    var servers: String { cluster.bootstrapServers }

    init(partitions: Int = 1) throws {
        cluster = try MockCluster()
        try cluster.createTopic("operations", partitions: partitions)
        try cluster.createTopic("operations.dead-letter", partitions: 1)
        try cluster.createTopic("trustlog", partitions: 2)
        feeder = try TopicFeeder(cluster.bootstrapServers)
    }

    /// The offset that the group committed, with its metadata.
    func committed(_ partition: Int32 = 0) async throws -> PartitionOffset? {
        let tail = try TopicTail(servers, group: "trustlog")
        let committed = try await tail.committed(TopicPartition(topic: "operations", partition: partition))
        await tail.close()
        return committed
    }
}
