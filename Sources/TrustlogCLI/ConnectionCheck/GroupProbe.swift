import BlockingExecutor
import KafkaClient
import Observability

/// Asks what the consumer group has committed, which takes the same right as consuming, without joining it.
///
/// (Describing the group would do, but librdkafka 2.0.2 cannot be ended after a request of that kind that had no answer.)
actor GroupProbe {
    private let consumer: KafkaConsumer

    nonisolated var unownedExecutor: UnownedSerialExecutor { consumer.executor.asUnownedSerialExecutor() }

    init(_ settings: Settings, logger: Logger) throws(KafkaError) {
        consumer = try KafkaConsumer(
            configuration: settings.consumerConfiguration, group: settings.input.groupID, instanceID: nil,
            sessionTimeout: settings.input.sessionTimeout, logger: logger, onRebalance: { _ in })
    }

    /// How many of the topic's partitions the group has committed an offset of.
    func committedPartitions(of topic: String, count: Int, timeout: Duration) throws(KafkaError) -> Int {
        let partitions = (0..<count).map { TopicPartition(topic: topic, partition: Int32(clamping: $0)) }
        return try consumer.committed(partitions, timeout: timeout).count { $0.offset != nil }
    }

    func close() {
        consumer.close(deadline: .seconds(1))
    }
}
