import BlockingExecutor
import KafkaClient
import Observability
import Synchronization
import TrustlogCore

/// Reads the trustlog topic as an auditor would, and verifies every envelope with the public key alone.
actor DemoVerifier {
    private nonisolated let consumer: KafkaConsumer
    nonisolated var unownedExecutor: UnownedSerialExecutor { consumer.executor.asUnownedSerialExecutor() }

    private let verifier: EnvelopeVerifier
    private let progress: DemoProgress
    private let assigned: AssignedPartitions
    private let stopping = Atomic(false)
    private var seen: Set<ExactText> = []
    private var invalid = 0

    /// Partitions that the group gave us, from the handler to the loop.
    private final class AssignedPartitions: Sendable {
        private let partitions = Mutex<[TopicPartition]>([])

        func add(_ new: [TopicPartition]) { partitions.withLock { $0 += new } }

        func take() -> [TopicPartition] {
            partitions.withLock { partitions in
                defer { partitions.removeAll() }
                return partitions
            }
        }
    }

    init(
        configuration: KafkaConfiguration, topic: String, key: PublicKey, progress: DemoProgress, logger: Logger
    ) throws(KafkaError) {
        let assigned = AssignedPartitions()
        self.assigned = assigned
        self.progress = progress
        verifier = EnvelopeVerifier(keys: [key])
        consumer = try KafkaConsumer(
            configuration: configuration, group: "demo-auditor", instanceID: nil, sessionTimeout: .seconds(10),
            logger: logger,
            onRebalance: { event in
                if case .assigned(let partitions) = event { assigned.add(partitions) }
            })
        self.topic = topic
    }

    private let topic: String

    nonisolated func stop() {
        stopping.store(true, ordering: .releasing)
        consumer.wake()
    }

    func run() throws(KafkaError) {
        defer { consumer.close(deadline: .seconds(2)) }
        try consumer.subscribe(to: [topic])
        while !stopping.load(ordering: .acquiring) {
            let partitions = assigned.take()
            if !partitions.isEmpty {
                try consumer.start(partitions.map { PartitionOffset($0, offset: nil) })
            }
            var sample: String?
            let count = try consumer.consume(
                maxMessages: 1_000, maxBytes: 8 << 20, timeout: .milliseconds(200)
            ) { message in
                check(message, &sample)
            } onError: { _ in
            }
            if count > 0 { progress.setVerified(seen.count, invalid: invalid, sample: sample) }
        }
    }

    private func check(_ message: borrowing ConsumedMessage, _ sample: inout String?) {
        do {
            let record = try verifier.verify(message.value.map { Array($0) } ?? [])
            seen.insert(ExactText(record.operation.opId))
            if sample == nil { sample = String(decoding: record.payload, as: UTF8.self) }
        } catch {
            invalid += 1
        }
    }
}
