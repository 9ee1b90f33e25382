/// One partition of a topic.
package struct TopicPartition: Hashable, Sendable, CustomStringConvertible {
    package var topic: String
    package var partition: Int32

    package init(topic: String, partition: Int32) {
        self.topic = topic
        self.partition = partition
    }

    package var description: String { "\(topic)[\(partition)]" }
}

/// A position in a partition: the offset of the next message to read.
package struct PartitionOffset: Hashable, Sendable {
    package var topic: String
    package var partition: Int32
    /// `nil`: none (nothing was committed; start at the earliest message).
    package var offset: Int64?
    /// What a commit carries along.
    package var metadata: String?

    package init(topic: String, partition: Int32, offset: Int64?, metadata: String? = nil) {
        self.topic = topic
        self.partition = partition
        self.offset = offset
        self.metadata = metadata
    }

    package init(_ partition: TopicPartition, offset: Int64?, metadata: String? = nil) {
        self.init(topic: partition.topic, partition: partition.partition, offset: offset, metadata: metadata)
    }

    package var topicPartition: TopicPartition { TopicPartition(topic: topic, partition: partition) }
}
