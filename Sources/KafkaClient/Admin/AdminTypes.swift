/// A topic to create.
package struct NewTopic: Sendable {
    package var name: String
    package var partitions: Int
    /// -1: the broker's default.
    package var replicationFactor: Int
    package var configuration: [String: String]

    package init(
        name: String, partitions: Int, replicationFactor: Int = -1, configuration: [String: String] = [:]
    ) {
        self.name = name
        self.partitions = partitions
        self.replicationFactor = replicationFactor
        self.configuration = configuration
    }
}

/// What became of one topic to create.
package struct TopicCreation: Sendable {
    package enum Outcome: Sendable, Equatable {
        case created
        /// It was there before, as it may be when several create it at once.
        case existed
        case failed(KafkaError)
    }

    package var name: String
    package var outcome: Outcome
}

/// What the cluster says of a topic.
package struct TopicMetadata: Sendable {
    package var name: String
    /// 0 with an error.
    package var partitions: Int
    /// For example ``KafkaError/unknownTopicOrPartition`` or ``KafkaError/topicAuthorizationFailed``.
    package var error: KafkaError?
}
