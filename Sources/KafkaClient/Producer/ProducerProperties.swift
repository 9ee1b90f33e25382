/// The properties of every producer.
enum ProducerProperties {
    static let defaults: [String: String] = [
        "client.id": "trustlog",
        "linger.ms": "5",
        // The bound of what waits during an outage.
        "queue.buffering.max.kbytes": "131072",
        "queue.buffering.max.messages": "100000",
        "statistics.interval.ms": "2000",
        // A missing topic is told after seconds, not half a minute.
        "topic.metadata.propagation.max.ms": "2000",
    ]

    static func guarded(transactionalID: String?) -> [String: String] {
        var properties = [
            "acks": "all",
            "enable.idempotence": "true",
            "partitioner": "murmur2_random",
            "allow.auto.create.topics": "false",
        ]
        if let transactionalID {
            // Its messages live as long as the transaction: librdkafka derives the one time-out from the other.
            properties["transactional.id"] = transactionalID
        } else {
            // An outage fails no message: it waits in the bounded queue.
            properties["message.timeout.ms"] = "0"
        }
        return properties
    }
}
