import KafkaClient
import TrustlogService

extension ServiceConfiguration {
    /// The settings as the workers take them.
    init(_ settings: Settings) {
        self.init(consumer: settings.consumerConfiguration, producer: settings.producerConfiguration)
        strategy = Strategy(rawValue: settings.strategy.rawValue) ?? strategy
        instanceID = settings.instanceID
        createsTopics = settings.kafka.createTopics
        input.topic = settings.input.topic
        input.group = settings.input.groupID
        input.sessionTimeout = settings.input.sessionTimeout
        input.batchSize = settings.input.batchSize
        input.batchBytes = settings.input.batchBytes
        input.deadLetterTopic = settings.input.deadLetterTopic
        output.topic = settings.output.topic
        output.key = OutputKey(rawValue: settings.output.key.rawValue) ?? output.key
        output.source = settings.output.source
        output.forwardHeaders = settings.output.forwardHeaders
        migratesDatabase = settings.database.migrate
        cursor.interval = settings.cursor.interval
        cursor.batchSize = settings.cursor.batchSize
        cursor.maxInFlight = settings.cursor.maxInFlight
        cursor.count = settings.cursor.count
        cursor.lease = settings.cursor.lease
        retry.interval = settings.retry.interval
        retry.batchSize = settings.retry.batchSize
        retry.maxCount = settings.retry.maxCount
        retry.initialBackoff = settings.retry.initialBackoff
        retry.multiplier = settings.retry.multiplier
        shutdownTimeout = settings.shutdown.timeout
    }
}
