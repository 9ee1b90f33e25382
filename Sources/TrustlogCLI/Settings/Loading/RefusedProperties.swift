/// Properties of librdkafka that would undo a guarantee of Trustlog, or that a setting of its own decides (contract,
/// section 8), each with the reason. librdkafka's other names for them are refused as well.
enum RefusedProperties {
    static func reason(_ property: String) -> String? {
        reasons[aliases[property] ?? property]
    }

    private static let reasons = [
        "acks": "a record counts as published only after all in-sync replicas have it",
        "enable.idempotence": "without it the broker may store a record twice or out of order",
        "enable.auto.commit": "offsets are committed only after the rows are",
        "enable.auto.offset.store": "offsets are committed only after the rows are",
        "auto.offset.reset":
            "a partition starts at its commit or at the earliest offset, or operations would be skipped",
        "isolation.level": "operations of aborted transactions must not be persisted",
        "partitioner": "it must be Java's murmur2, or records of one object would change their partition",
        "message.timeout.ms": "Trustlog decides when a record counts as failed, or its order would be lost",
        "transactional.id": "Trustlog names its transactions itself",
        "group.id": "set input.group-id instead",
        "group.instance.id": "set instance.id instead",
        "session.timeout.ms": "set input.session-timeout instead",
        "bootstrap.servers": "set kafka.bootstrap-servers instead",
        "allow.auto.create.topics": "Trustlog creates no topic by accident; kafka.create-topics does on purpose",
    ]

    private static let aliases = [
        "request.required.acks": "acks", "auto.commit.enable": "enable.auto.commit",
        "delivery.timeout.ms": "message.timeout.ms", "metadata.broker.list": "bootstrap.servers",
    ]
}
