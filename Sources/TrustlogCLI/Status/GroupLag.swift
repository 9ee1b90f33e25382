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

    /// - Throws: why the broker cannot be asked, or that there is no such topic.
    func read(timeout: Duration) async throws(KafkaError) -> [StatusReport.PartitionLag] {
        let result: Result<[StatusReport.PartitionLag], KafkaError>
        do throws(KafkaError) {
            try await admin.reach(timeout: timeout)
            let metadata = try await admin.metadata([topic], timeout: timeout)
            if let error = metadata.first?.error { throw error }
            result = .success(try lags(partitions: metadata.first?.partitions ?? 0, timeout: timeout))
        } catch {
            result = .failure(error)
        }
        await admin.close()
        consumer.close(deadline: .seconds(1))
        return try result.get()
    }

    private func lags(partitions: Int, timeout: Duration) throws(KafkaError) -> [StatusReport.PartitionLag] {
        let all = (0..<partitions).map { TopicPartition(topic: topic, partition: Int32($0)) }
        var lags: [StatusReport.PartitionLag] = []
        for committed in try consumer.committed(all, timeout: timeout) {
            let (low, high) = try consumer.watermarks(of: committed.topicPartition, timeout: timeout)
            lags.append(
                StatusReport.PartitionLag(
                    partition: committed.topicPartition, lag: max(0, high - max(low, committed.offset ?? low))))
        }
        return lags
    }
}
