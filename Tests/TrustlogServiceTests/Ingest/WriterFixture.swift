import BlockingExecutor
import KafkaClient
import Observability
import OperationStore
import Synchronization
import Testing
import TrustlogCore
import TrustlogTestKit

@testable import TrustlogService

/// A writer at work between a database and a mock cluster, fed by hand in place of a consumer.
final class WriterFixture: Sendable {
    let cluster: MockCluster
    let database: TestDatabase
    let state = ServiceState()
    let metrics = TrustlogMetrics(version: "test")
    let inbox = ConditionLock(IngestInbox())
    let clock = FastClock()
    let writer: IngestWriter
    let logs = CapturingLogHandler()
    private let deadLetters: DeadLetterPublisher
    private let running: Task<Void, Never>

    var store: ScriptedStore { database.store }
    var servers: String { cluster.bootstrapServers }

    init(deadLetterTopicExists: Bool = true) async throws {
        cluster = try MockCluster()
        database = try await TestDatabase()
        if deadLetterTopicExists { try cluster.createTopic("operations.dead-letter", partitions: 1) }
        // The mock makes topics on demand; this keeps it from doing so.
        if !deadLetterTopicExists {
            cluster.setTopicError("operations.dead-letter", KafkaError.unknownTopicOrPartition)
        }
        deadLetters = DeadLetterPublisher(
            topic: "operations.dead-letter",
            configuration: KafkaConfiguration(bootstrapServers: cluster.bootstrapServers),
            logger: logs.logger(), metrics: metrics)
        let writer = IngestWriter(
            store: database.store, group: "trustlog", initialStatus: .waiting, deadLetters: deadLetters, inbox: inbox,
            wakeConsumer: {}, onPersisted: {}, state: state, metrics: metrics, clock: clock, logger: logs.logger(),
            heartbeat: {})
        self.writer = writer
        running = Task { await writer.run() }
    }

    func createDeadLetterTopic() throws {
        cluster.setTopicError("operations.dead-letter", 0)
    }

    func accept(_ batch: ConsumedBatch) {
        inbox.signal { $0.batchesInHand += 1 }
        writer.accept(batch)
    }

    /// Waits until the writer has nothing in hand.
    func settled() async throws {
        try await eventually("the batches are settled") { self.inbox.withLock { $0.batchesInHand } == 0 }
    }

    func committable() -> [TopicPartition: Int64] {
        inbox.withLock { $0.takeCommittable([partitionZero: 1]) }
    }

    func stop() async throws {
        inbox.signal { $0.isStopping = true }
        writer.interrupt()
        await writer.close(deadline: .zero)
        await running.value
    }

    /// Messages of one partition, one offset after another.
    func batch(
        _ opIds: [String], from offset: Int64, partition: Int32 = 0, epoch: AssignmentEpoch = 1,
        doid: String = "86.1000/object"
    ) -> ConsumedBatch {
        let topicPartition = TopicPartition(topic: "operations", partition: partition)
        var batch = ConsumedBatch()
        for (index, opId) in opIds.enumerated() {
            let value = sampleJSON(opId, doid: doid)
            value.withUnsafeBytes { value in
                batch.arena.begin(
                    topic: "operations", partition: partition, offset: offset + Int64(index), key: nil, value: value)
            }
            let source = RecordSource(
                topic: "operations", partition: partition, offset: offset + Int64(index),
                digest: Digest.sha256Hex(value))
            batch.rows.append(
                IncomingOperation(operation: sampleOperation(opId, doid: doid), source: source, headers: nil))
            batch.messageOfRow.append(index)
        }
        batch.nextOffsets[topicPartition] = offset + Int64(opIds.count)
        batch.epochs[topicPartition] = epoch
        return batch
    }
}

extension ConsumedBatch {
    /// Makes a message one that is no operation.
    mutating func reject(_ message: Int) {
        guard let row = messageOfRow.firstIndex(of: message) else { return }
        rows.remove(at: row)
        messageOfRow.remove(at: row)
        rejected.append((message, Rejection(code: .invalid, field: "doid", message: "doid is missing")))
    }
}
