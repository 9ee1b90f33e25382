/// The one table of all settings: parsing, environment, help, `config schema`, `config show` and the documentation follow it.
package enum SettingsTable {
    package static let all: [Setting] = general + kafka + input + output + database + signing + workers + service

    /// What replaces `kafka.properties.<name>` and its like in ``all``: their names are librdkafka's.
    package static let propertyGroups: [PropertyGroup] = [
        PropertyGroup(
            prefix: "kafka.properties.", path: \.kafka.properties, "Properties of librdkafka for both sides."),
        PropertyGroup(prefix: "kafka.consumer.", path: \.kafka.consumer, "The same for the consumer alone."),
        PropertyGroup(prefix: "kafka.producer.", path: \.kafka.producer, "The same for producers alone."),
    ]

    package static func setting(_ key: String) -> Setting? {
        byKey[key]
    }

    /// Whether the value of this key must not be shown.
    static func isSecret(_ key: String) -> Bool {
        if let setting = byKey[key] { return setting.isSecret }
        guard let group = propertyGroups.first(where: { key.hasPrefix($0.prefix) }) else { return false }
        return Secret.isSecret(property: String(key.dropFirst(group.prefix.count)))
    }

    private static let byKey = Dictionary(uniqueKeysWithValues: all.map { ($0.key, $0) })

    private static let general: [Setting] = [
        Setting(
            "strategy", .oneOf, \.strategy,
            "What happens to an operation: it is only persisted, persisted and published, or only published."),
        Setting(
            "instance.id", SettingType<String>.kafkaName("name").optional, \.instanceID,
            "A name of this replica's own, unique among the replicas and the same after a restart (a StatefulSet's pod "
                + "name): static membership of the consumer group, and its own leases are taken back at once."),
    ]

    private static let kafka: [Setting] = [
        Setting(
            "kafka.bootstrap-servers", .brokers, \.kafka.bootstrapServers,
            defaultNote: "required where a broker is used",
            "Brokers to find the cluster by."),
        Setting(
            "kafka.create-topics", .boolean, \.kafka.createTopics,
            "Create the topics that are missing, with the broker's defaults. Off: Trustlog waits for them and says so."),
    ]

    private static let input: [Setting] = [
        Setting("input.topic", .kafkaName("topic name"), \.input.topic, "The topic that operations are consumed from."),
        Setting(
            "input.group-id", .text("a name of 1 to 255 bytes", bytes: 1...255), \.input.groupID, "The consumer group."),
        Setting(
            "input.session-timeout", .duration(.seconds(1)...(.seconds(1_800))), \.input.sessionTimeout,
            "How long a replica may be silent before its partitions go to others. The broker limits it, too."),
        Setting(
            "input.batch-size", .integer(1...100_000), \.input.batchSize, "Most messages that one transaction persists."
        ),
        Setting(
            "input.batch-bytes", .size(64 << 10...1 << 30), \.input.batchBytes,
            "Most bytes of messages that one transaction persists."),
        Setting(
            "input.dead-letter-topic", SettingType<String>.kafkaName("topic name").optional,
            \.input.chosenDeadLetterTopic,
            defaultNote: "`<input.topic>.dead-letter`", "The topic for messages that are no valid operation."),
    ]

    private static let output: [Setting] = [
        Setting("output.topic", .kafkaName("topic name"), \.output.topic, "The topic that envelopes are published to."),
        Setting(
            "output.key", .oneOf, \.output.key,
            "The key of a published message: `doid` keeps the records of one digital object in order."),
        Setting(
            "output.source", .text("a URI reference of 1 to 255 bytes", bytes: 1...255), \.output.source,
            "The header `ce_source` of published messages."),
        Setting(
            "output.forward-headers", .headerNames, \.output.forwardHeaders,
            "Headers of consumed messages to pass on, besides `traceparent` and `tracestate`."),
    ]

    private static let database: [Setting] = [
        Setting(
            "database.url", .databaseURL, \.database.url, secret: true,
            "The database: `sqlite:FILE`, `postgresql://USER@HOST:PORT/NAME`, `mysql://USER@HOST:PORT/NAME`."),
        Setting(
            "database.password",
            SettingType<String>.text("a password without control characters", bytes: 1...4_096).optional,
            \.database.password, secret: true, "Added to the URL; takes the place of a password there."),
        Setting(
            "database.migrate", .boolean, \.database.migrate,
            "Create or upgrade the schema at the start. Off: `trustlog migrate` does, with a user who may."),
        Setting("database.pool-size", .integer(1...64), \.database.poolSize, "Connections to the database."),
    ]

    private static let signing: [Setting] = [
        Setting(
            "signing.key-file", SettingType<String>.path.optional, \.signing.keyFile,
            defaultNote: "required where something is published",
            "The private key that signs records, PEM. `trustlog keygen FILE` makes one."),
        Setting(
            "signing.additional-key-files", .paths, \.signing.additionalKeyFiles,
            "More private keys; each adds a signature. For the time in which a key is changed."),
        Setting(
            "verify.key-files", .paths, \.verify.keyFiles,
            "Public keys of old that `verify`, `tail` and `audit` accept besides those of the signing keys."),
    ]

    private static let workers: [Setting] = [
        Setting(
            "cursor.interval", .duration(.milliseconds(10)...(.seconds(3_600))), \.cursor.interval,
            "The longest wait between two scans for rows to publish."),
        Setting("cursor.batch-size", .integer(1...10_000), \.cursor.batchSize, "Rows that fail together."),
        Setting(
            "cursor.max-in-flight", .integer(1...1_000_000), \.cursor.maxInFlight,
            "Rows produced and not yet recorded, at most (and at most 64 MiB of them)."),
        Setting(
            "cursor.count", .integer(1...256), \.cursor.count,
            "Cursors that share the rows, and may run in different replicas. On SQLite there is always one."),
        Setting(
            "cursor.lease", .duration(.milliseconds(500)...(.seconds(3_600))), \.cursor.lease,
            "How long a cursor stays with a replica that no longer answers."),
        Setting(
            "retry.interval", .duration(.milliseconds(10)...(.seconds(86_400))), \.retry.interval,
            "The wait between two looks for retries that are due."),
        Setting("retry.batch-size", .integer(1...10_000), \.retry.batchSize, "Retries taken up together."),
        Setting(
            "retry.max-count", .integer(0...1_000), \.retry.maxCount, "Retries of a row before it is a dead letter."),
        Setting(
            "retry.initial-backoff", .duration(.milliseconds(1)...(.seconds(3_600))), \.retry.initialBackoff,
            "The wait before the first retry."),
        Setting(
            "retry.multiplier", .number(1.0...100.0), \.retry.multiplier,
            "Each further wait is this many times longer, up to an hour."),
    ]

    private static let service: [Setting] = [
        Setting("http.listen", .listenAddress, \.http.listen, "Where probes and metrics are served."),
        Setting("admin.listen", .listenAddress, \.admin.listen, "Where console and admin API are served; read-only."),
        Setting(
            "health.readiness", .oneOf, \.health.readiness,
            "`fail-open`: ready once started. `fail-closed`: only while broker and database are reachable."),
        Setting(
            "shutdown.timeout", .duration(.milliseconds(100)...(.seconds(3_600))), \.shutdown.timeout,
            "How long a shutdown may take to finish what is in hand."),
        Setting("log.level", .oneOf, \.log.level, "Messages below it are not written."),
        Setting(
            "log.format", SettingType<Settings.LogFormat>.oneOf.optional, \.log.format,
            defaultNote: "`text` on a terminal, `json` otherwise", "How log lines are written, on standard error."),
    ]
}

/// Settings whose names behind a prefix are librdkafka's own.
package struct PropertyGroup: Sendable {
    /// With the dot at its end.
    package let prefix: String
    let path: any WritableKeyPath<Settings, [String: String]> & Sendable
    package let doc: String

    fileprivate init(prefix: String, path: any WritableKeyPath<Settings, [String: String]> & Sendable, _ doc: String) {
        self.prefix = prefix
        self.path = path
        self.doc = doc
    }
}
