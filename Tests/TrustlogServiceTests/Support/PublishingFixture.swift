import KafkaClient
import Observability
import OperationStore
import Testing
import TrustlogCore
import TrustlogTestKit

@testable import TrustlogService

/// Publisher, recorder and a cursor worker between a database and a mock cluster.
final class PublishingFixture: Sendable {
    let cluster: MockCluster
    let database: TestDatabase
    let state = ServiceState()
    let metrics = TrustlogMetrics(version: "test")
    let logs = CapturingLogHandler()
    let clock: any ServiceClock
    let channel: OutboundChannel
    let breaker: CircuitBreaker
    let publisher: RecordPublisher
    let recorder: OutcomeRecorder
    let configuration: ServiceConfiguration

    var store: ScriptedStore { database.store }
    var servers: String { cluster.bootstrapServers }

    init(
        clock: any ServiceClock = FastClock(), signer: (any EnvelopeSigner)? = nil, producer: [String: String] = [:],
        _ change: (inout ServiceConfiguration) -> Void = { _ in }
    ) async throws {
        cluster = try MockCluster()
        try cluster.createTopic("trustlog", partitions: 1)
        database = try await TestDatabase()
        var configuration = makeConfiguration(cluster.bootstrapServers)
        configuration.producer.properties.merge(producer) { $1 }
        change(&configuration)
        self.configuration = configuration
        self.clock = clock
        let metrics = metrics
        channel = try OutboundChannel(configuration: configuration.producer, logger: logs.logger())
        breaker = CircuitBreaker(clock: clock, logger: logs.logger()) { isOpen, _ in
            metrics.circuitOpen.record(isOpen)
        }
        publisher = try RecordPublisher(
            channel: channel, output: configuration.output,
            encoder: EnvelopeEncoder(signers: [try signer ?? makeSigner()]), laneCount: 2, breaker: breaker,
            metrics: metrics)
        recorder = OutcomeRecorder(
            store: database.store, policy: RetryPolicy(), path: .cursor, metrics: metrics, state: state, clock: clock,
            logger: logs.logger())
    }

    func makeWorker(
        owner: String = "me", index: Int = 0, heartbeat: @escaping @Sendable () -> Void = {}
    ) -> CursorWorker {
        CursorWorker(
            index: index, owner: owner, configuration: configuration, store: store, publisher: publisher,
            recorder: recorder, clock: clock, state: state, logger: logs.logger(), heartbeat: heartbeat)
    }

    /// Records of operations that stand in no table.
    func records(_ opIds: [String], doid: (Int) -> String = { _ in "86.1000/object" }, extra: String? = nil)
        -> [PublishableRecord]
    {
        opIds.enumerated().map { index, opId in
            PublishableRecord(
                seq: Int64(index + 1), opId: opId,
                stored: StoredOperation(
                    operation: sampleOperation(opId, doid: doid(index), extra: extra), source: nil, headers: nil))
        }
    }

    func published(_ count: Int) async throws -> [TopicRecord] {
        try await read("trustlog", of: servers) { $0.count >= count }
    }
}

/// A signer that fails until it is told not to.
final class BrokenSigner: EnvelopeSigner {
    let keyID = "SHA256:broken"
    func sign(_ message: UnsafeRawBufferPointer) throws(SigningError) -> [UInt8] {
        throw SigningError("the key is gone")
    }
}
