extension KafkaConsumer {
    /// A change of the partitions that the group assigns to this consumer.
    package enum RebalanceEvent: Sendable, Equatable {
        /// To be read from now on; nothing is fetched before ``KafkaConsumer/start(_:generation:)``.
        case assigned([TopicPartition])
        /// Still owned while the handler runs: it may commit.
        case revoked([TopicPartition])
        /// Owned by somebody else already: nothing may be committed.
        case lost([TopicPartition])
    }

    /// What went wrong with one partition (or one topic: `partition` is -1), while the others go on.
    package struct PartitionError: Sendable {
        package var topic: String
        package var partition: Int32
        package var error: KafkaError
    }
}
