import BlockingExecutor
import KafkaClient
import Observability
import TrustlogService

/// How far the consumer group is behind, as the broker alone tells it: end offsets less committed ones. It does not join
/// the group.
actor GroupLag {
    private nonisolated let consumer: KafkaConsumer
    nonisolated var unownedExecutor: UnownedSerialExecutor { consumer.executor.asUnownedSerialExecutor() }

    private let admin: KafkaAdmin
    private let topic: String

    init(configuration: ServiceConfiguration, logger: Logger) throws(KafkaError) {
        topic = configuration.input.topic
        admin = try KafkaAdmin(configuration: configuration.consumer, logger: logger)
        consumer = try KafkaConsumer(
            configuration: configuration.consumer, group: configuration.input.group, instanceID: nil,
            sessionTimeout: configuration.input.sessionTimeout, logger: logger, onRebalance: { _ in })
    }

    /// To be called once: everything is closed with it.
    ///
    /// - Parameter timeout: for all questions together.
    /// - Throws: why the broker cannot be asked, or that there is no such topic.
    func read(timeout: Duration) async throws(KafkaError) -> [StatusReport.PartitionLag] {
        do throws(KafkaError) {
            let lags = try await lags(until: .now + timeout)
            await close()
            return lags
        } catch {
            // Of one that does not answer, an orderly end may not come in time either.
            Task { await close() }
            throw error
        }
    }

    private func lags(until end: ContinuousClock.Instant) async throws(KafkaError) -> [StatusReport.PartitionLag] {
        try await admin.reach(timeout: .left(until: end))
        let metadata = try await admin.metadata([topic], timeout: .left(until: end))
        if let error = metadata.first?.error { throw error }
        return try lags(partitions: metadata.first?.partitions ?? 0, until: end)
    }

    private func close() async {
        await admin.close()
        consumer.close(deadline: .seconds(1))
    }

    private func lags(
        partitions: Int, until end: ContinuousClock.Instant
    ) throws(KafkaError) -> [StatusReport.PartitionLag] {
        let all = (0..<partitions).map { TopicPartition(topic: topic, partition: Int32($0)) }
        var lags: [StatusReport.PartitionLag] = []
        for committed in try consumer.committed(all, timeout: .left(until: end)) {
            let (low, high) = try consumer.watermarks(of: committed.topicPartition, timeout: .left(until: end))
            lags.append(
                StatusReport.PartitionLag(
                    partition: committed.topicPartition, lag: max(0, high - max(low, committed.offset ?? low))))
        }
        return lags
    }
}

extension Duration {
    /// At least a moment: librdkafka takes no time at all as no answer.
    fileprivate static func left(until end: ContinuousClock.Instant) -> Duration { max(.milliseconds(1), end - .now) }
}
