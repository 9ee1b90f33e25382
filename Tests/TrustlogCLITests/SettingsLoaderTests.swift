import Observability
import Testing
import TrustlogCLI

@Suite("Loading settings")
struct SettingsLoaderTests {
    @Test("without anything, every setting has the contract's default")
    func defaults() throws {
        let settings = try load().settings
        #expect(settings.strategy == .databaseAndTrustlog)
        #expect(settings.instanceID == nil)
        #expect(settings.kafka.bootstrapServers.isEmpty)
        #expect(settings.kafka.createTopics == false)
        #expect(settings.input.topic == "operations")
        #expect(settings.input.groupID == "trustlog")
        #expect(settings.input.sessionTimeout == .seconds(10))
        #expect(settings.input.batchSize == 5_000)
        #expect(settings.input.batchBytes == 8_388_608)
        #expect(settings.input.deadLetterTopic == "operations.dead-letter")
        #expect(settings.output.topic == "trustlog")
        #expect(settings.output.key == .doid)
        #expect(settings.output.source == "/trustlog")
        #expect(settings.output.forwardHeaders == [])
        #expect(settings.database.connectionURL == "sqlite:trustlog.db")
        #expect(settings.database.migrate)
        #expect(settings.database.poolSize == 4)
        #expect(settings.signing.keyFile == nil)
        #expect(settings.signing.additionalKeyFiles == [])
        #expect(settings.verify.keyFiles == [])
        #expect(settings.cursor.interval == .seconds(10))
        #expect(settings.cursor.batchSize == 100)
        #expect(settings.cursor.maxInFlight == 10_000)
        #expect(settings.cursor.count == 1)
        #expect(settings.cursor.lease == .seconds(10))
        #expect(settings.retry.interval == .seconds(30))
        #expect(settings.retry.batchSize == 100)
        #expect(settings.retry.maxCount == 5)
        #expect(settings.retry.initialBackoff == .seconds(60))
        #expect(settings.retry.multiplier == 2.0)
        #expect(settings.http.listen == ListenAddress(host: "0.0.0.0", port: 8_464))
        #expect(settings.admin.listen == ListenAddress(host: "127.0.0.1", port: 8_465))
        #expect(settings.health.readiness == .failOpen)
        #expect(settings.shutdown.timeout == .seconds(10))
        #expect(settings.log.level == .info)
        #expect(settings.log.format == nil)
    }

    private let complete = """
        strategy: trustlog-only
        instance: {id: pod-1}
        kafka:
          bootstrap-servers: ["a:9092", b:9093]
          create-topics: true
          properties:
            security.protocol: sasl_ssl
            socket: {keepalive: {enable: true}}
          consumer: {fetch.min.bytes: 1}
        kafka.producer.linger.ms: 5.5
        input:
          topic: ops
          group-id: "5"
          session-timeout: 45s
          batch-size: 7
          batch-bytes: 64KiB
        output.topic: log
        output: {key: none, source: urn:x, forward-headers: [x-a, x-b]}
        database: {url: "postgresql://u@h/db", migrate: false, pool-size: 2}
        signing:
          key-file: /k
          additional-key-files: [/a, /b]
        verify: {key-files: /old.pub}
        cursor: {interval: 250ms, batch-size: 10, max-in-flight: 20, count: 4, lease: 1m}
        retry: {interval: 2h, batch-size: 3, max-count: 0, initial-backoff: 1s, multiplier: 3}
        http: {listen: "[::]:9000"}
        admin: {listen: off}
        health: {readiness: fail-closed}
        shutdown: {timeout: 1m}
        log: {level: debug, format: json}
        """

    @Test("nested maps, dotted keys and every type are read from YAML")
    func yaml() throws {
        let settings = try load(complete).settings
        #expect(settings.strategy == .trustlogOnly)
        #expect(settings.instanceID == "pod-1")
        #expect(settings.kafka.bootstrapServers == ["a:9092", "b:9093"])
        #expect(settings.kafka.createTopics)
        #expect(settings.kafka.properties == ["security.protocol": "sasl_ssl", "socket.keepalive.enable": "true"])
        #expect(settings.kafka.consumer == ["fetch.min.bytes": "1"])
        #expect(settings.kafka.producer == ["linger.ms": "5.5"])
        #expect(settings.input.topic == "ops")
        #expect(settings.input.groupID == "5")
        #expect(settings.input.sessionTimeout == .seconds(45))
        #expect(settings.input.batchSize == 7)
        #expect(settings.input.batchBytes == 65_536)
        #expect(settings.input.deadLetterTopic == "ops.dead-letter")
        #expect(settings.output.topic == "log")
        #expect(settings.output.key == .none)
        #expect(settings.output.source == "urn:x")
        #expect(settings.output.forwardHeaders == ["x-a", "x-b"])
        #expect(settings.database.connectionURL == "postgresql://u@h/db")
        #expect(!settings.database.migrate)
        #expect(settings.signing.keyFile == "/k")
        #expect(settings.signing.additionalKeyFiles == ["/a", "/b"])
        #expect(settings.verify.keyFiles == ["/old.pub"])
        #expect(settings.cursor.interval == .milliseconds(250))
        #expect(settings.cursor.count == 4)
        #expect(settings.retry.interval == .seconds(7_200))
        #expect(settings.retry.maxCount == 0)
        #expect(settings.retry.multiplier == 3)
        #expect(settings.http.listen == ListenAddress(host: "::", port: 9_000))
        #expect(settings.admin.listen == nil)
        #expect(settings.health.readiness == .failClosed)
        #expect(settings.log.level == .debug)
        #expect(settings.log.format == .json)
    }

    @Test("the environment goes over the file, --set over both")
    func order() throws {
        let environment = ["TRUSTLOG_INPUT_TOPIC": "b", "TRUSTLOG_OUTPUT_TOPIC": "b"]
        let settings = try load(
            "{input.topic: a, output.topic: a, input.group-id: a}", environment: environment, set: ["output.topic=c"]
        ).settings
        #expect(settings.input.groupID == "a")
        #expect(settings.input.topic == "b")
        #expect(settings.output.topic == "c")
    }

    @Test("variables name keys in upper case, and librdkafka's properties with _ for the dot")
    func environment() throws {
        let settings = try load(environment: [
            "TRUSTLOG_KAFKA_BOOTSTRAP_SERVERS": "a:1, b:2",
            "TRUSTLOG_KAFKA_PROPERTIES_SSL_CA_LOCATION": "/ca",
            "TRUSTLOG_KAFKA_CONSUMER_FETCH_MIN_BYTES": "1",
            "TRUSTLOG_KAFKA_PRODUCER_LINGER_MS": "5",
            "TRUSTLOG_SIGNING_ADDITIONAL_KEY_FILES": "/a,/b",
            "TRUSTLOG_RETRY_MAX_COUNT": "9",
            "TRUSTLOG_INSTANCE_ID": "",
            "PATH": "/bin",
        ]).settings
        #expect(settings.kafka.bootstrapServers == ["a:1", "b:2"])
        #expect(settings.kafka.properties == ["ssl.ca.location": "/ca"])
        #expect(settings.kafka.consumer == ["fetch.min.bytes": "1"])
        #expect(settings.kafka.producer == ["linger.ms": "5"])
        #expect(settings.signing.additionalKeyFiles == ["/a", "/b"])
        #expect(settings.retry.maxCount == 9)
        #expect(settings.instanceID == nil)
    }

    @Test("an unknown variable is a warning: Kubernetes injects such")
    func unknownVariables() throws {
        let loaded = try load(environment: [
            "TRUSTLOG_SERVICE_HOST": "10.0.0.1", "TRUSTLOG_INPUT_TOPCI": "x", "TRUSTLOG_CONFIG": "",
        ])
        #expect(
            loaded.warnings == [
                "the environment variable TRUSTLOG_INPUT_TOPCI is no setting; did you mean TRUSTLOG_INPUT_TOPIC?",
                "the environment variable TRUSTLOG_SERVICE_HOST is no setting",
            ])
    }

    @Test("the file is named by --config, else by TRUSTLOG_CONFIG")
    func configFile() throws {
        let directory = try TemporaryDirectory()
        let (first, second) = (try directory.file("1", "input.topic: a"), try directory.file("2", "input.topic: b"))
        let environment = ["TRUSTLOG_CONFIG": first]
        #expect(try SettingsLoader(environment: environment, assignments: []).load().settings.input.topic == "a")
        #expect(
            try SettingsLoader(configFile: second, environment: environment, assignments: []).load().settings.input
                .topic
                == "b")
    }

    @Test("a secret may stand in a file; one newline at its end is dropped")
    func secretFiles() throws {
        let directory = try TemporaryDirectory()
        let password = try directory.file("password", "s3cret \n\n")
        let url = try directory.file("url", "mysql://u@h/db\n")
        let loaded = try load(
            "{database.url-file: \(url), kafka.properties.sasl.password-file: \(password)}",
            environment: ["TRUSTLOG_DATABASE_PASSWORD_FILE": url, "TRUSTLOG_KAFKA_CONSUMER_SSL_KEY_PASSWORD_FILE": url])
        #expect(loaded.settings.kafka.properties == ["sasl.password": "s3cret \n"])
        #expect(loaded.settings.kafka.consumer == ["ssl.key.password": "mysql://u@h/db"])
        #expect(loaded.settings.database.connectionURL == "mysql://u:mysql%3A%2F%2Fu%40h%2Fdb@h/db")
    }

    @Test("a later value takes the place of a secret's file, which is then not even read")
    func secretOverridden() throws {
        let loaded = try load(
            "database: {url: mysql://u@h/db, password-file: /no/such/file}",
            environment: ["TRUSTLOG_DATABASE_PASSWORD": "p"])
        #expect(loaded.settings.database.connectionURL == "mysql://u:p@h/db")
    }

    @Test(
        "a password set apart is put into the URL",
        arguments: [
            ("postgresql://u@h:5432/db?sslmode=require", "postgresql://u:p%20%C3%A9@h:5432/db?sslmode=require"),
            ("postgresql://u:old@h/db", "postgresql://u:p%20%C3%A9@h/db"),
            ("postgresql://h/db", "postgresql://h/db?password=p%20%C3%A9"),
            (
                "postgresql:///db?host=/run&options=a@b",
                "postgresql:///db?host=/run&options=a@b&password=p%20%C3%A9"
            ),
            ("postgresql://u:o?d@h/db", "postgresql://u:p%20%C3%A9@h/db"),
            ("mysql://u@h/db", "mysql://u:p%20%C3%A9@h/db"),
            ("mysql://h/db", "mysql://:p%20%C3%A9@h/db"),
        ])
    func password(url: String, expected: String) throws {
        #expect(
            try load(set: ["database.url=\(url)", "database.password=p é"]).settings.database.connectionURL == expected)
    }

    @Test(
        "an empty file, one with only comments, and empty groups are fine",
        arguments: ["", "# nothing\n", "---\n", "input:\n  # topic: x\n"])
    func emptyFiles(yaml: String) throws {
        #expect(try load(yaml).settings.input.topic == "operations")
    }

    @Test("each purpose asks for what it needs, and says how to make a key")
    func purposes() throws {
        #expect(try missing(for: .database) == [])
        #expect(try missing(for: .run) == ["kafka.bootstrap-servers", "signing.key-file"])
        #expect(try missing(for: .produce) == ["kafka.bootstrap-servers"])
        let brokers = "kafka.bootstrap-servers=a:1"
        #expect(try missing(brokers, for: .replay) == ["signing.key-file"])
        #expect(try missing(brokers, "strategy=db-only", for: .run) == [])
        let texts = try problems(set: [brokers, "strategy=trustlog-only"], for: .run)
        #expect(texts.first?.contains("trustlog keygen trustlog.key") == true)
    }

    private func missing(_ assignments: String..., for purpose: SettingsPurpose) throws -> [String] {
        try problems(set: assignments, for: purpose).compactMap { text in
            text.firstRange(of: ": is not set").map { String(text[..<$0.lowerBound]) }
        }
    }
}
