package import KafkaClient

/// What the workers need to know: the settings of the contract (section 8), typed, without the ways they were given.
package struct ServiceConfiguration: Sendable {
    package enum Strategy: String, Sendable, CaseIterable {
        case databaseOnly = "db-only"
        case databaseAndTrustlog = "db-and-trustlog"
        case trustlogOnly = "trustlog-only"
    }

    package enum OutputKey: String, Sendable, CaseIterable {
        case doid
        case none
    }

    package struct Input: Sendable {
        package var topic = "operations"
        package var group = "trustlog"
        package var sessionTimeout = Duration.seconds(10)
        package var batchSize = 5_000
        /// In bytes of message values.
        package var batchBytes = 8 << 20
        package var deadLetterTopic = "operations.dead-letter"
    }

    package struct Output: Sendable {
        package var topic = "trustlog"
        package var key = OutputKey.doid
        package var source = "/trustlog"
        package var forwardHeaders: [String] = []
    }

    package struct Cursor: Sendable {
        package var interval = Duration.seconds(10)
        package var batchSize = 100
        /// Rows produced and not yet recorded.
        package var maxInFlight = 10_000
        package var count = 1
        package var lease = Duration.seconds(10)
    }

    package struct Retry: Sendable {
        package var interval = Duration.seconds(30)
        package var batchSize = 100
        package var maxCount = 5
        package var initialBackoff = Duration.seconds(60)
        package var multiplier = 2.0
    }

    package var strategy = Strategy.databaseAndTrustlog
    /// Unique among the replicas, if given: static group membership.
    package var instanceID: String?
    /// For consumers: `kafka.properties.*` and `kafka.consumer.*`.
    package var consumer: KafkaConfiguration
    /// For producers: `kafka.properties.*` and `kafka.producer.*`.
    package var producer: KafkaConfiguration
    package var createsTopics = false
    package var input = Input()
    package var output = Output()
    package var migratesDatabase = true
    package var cursor = Cursor()
    package var retry = Retry()
    package var shutdownTimeout = Duration.seconds(10)

    package init(consumer: KafkaConfiguration, producer: KafkaConfiguration) {
        self.consumer = consumer
        self.producer = producer
    }
}
