import KafkaClient

extension StatusReport.Waiting {
    /// A topic as a whole, which has no partition to name.
    package init(topic: String, reason: String) {
        self.init(partition: TopicPartition(topic: topic, partition: -1), reason: reason)
    }
}
