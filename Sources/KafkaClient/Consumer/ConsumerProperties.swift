/// The properties of every consumer.
enum ConsumerProperties {
    static func defaults(sessionTimeout: Duration) -> [String: String] {
        [
            "client.id": "trustlog",
            "check.crcs": "true",
            // librdkafka refuses a session that outlasts the poll interval.
            "max.poll.interval.ms": String(max(300_000, sessionTimeout.milliseconds)),
            // What is fetched ahead is most of the process's memory; librdkafka's own default is 64 MB. A full queue makes
            // librdkafka 2.0.2 pause for a second: with 8 MB that still lets through several times what a database takes.
            "queued.max.messages.kbytes": "8192",
            "partition.assignment.strategy": "range,roundrobin",
            "statistics.interval.ms": "2000",
        ]
    }

    static func guarded(group: String, instanceID: String?, sessionTimeout: Duration) -> [String: String] {
        let session = max(1, sessionTimeout.milliseconds)
        var properties = [
            "group.id": group,
            "session.timeout.ms": String(session),
            "heartbeat.interval.ms": String(max(1, session / 3)),
            "enable.auto.commit": "false",
            "enable.auto.offset.store": "false",
            // A reset is the service's decision: it counts what is skipped.
            "auto.offset.reset": "error",
            "isolation.level": "read_committed",
            "enable.partition.eof": "true",
            "allow.auto.create.topics": "false",
        ]
        if let instanceID {
            properties["group.instance.id"] = instanceID
        }
        return properties
    }
}
