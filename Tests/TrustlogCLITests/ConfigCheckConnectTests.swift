import KafkaClient
import Testing

@Suite("trustlog config check --connect")
struct ConfigCheckConnectTests {
    private func check(
        _ servers: String, _ directory: TemporaryDirectory, _ words: String...
    ) async throws -> (code: Int32, lines: [String]) {
        let key = directory.path + "/key"
        _ = await trustlog("keygen", "--if-missing", key)
        // The mock cluster does not tell a topic's settings: that request always takes the whole time limit.
        let outcome = await trustlog(
            ["config", "check", "--connect", "--timeout", "3s"] + words,
            environment: [
                "TRUSTLOG_KAFKA_BOOTSTRAP_SERVERS": servers, "TRUSTLOG_SIGNING_KEY_FILE": key,
                "TRUSTLOG_DATABASE_URL": "sqlite:\(directory.path)/t.db",
            ])
        return (outcome.code, outcome.output.split(separator: "\n").map(String.init))
    }

    @Test("broker, topics, schema and grants are ok, each on a line; warnings are no failure")
    func ok() async throws {
        let directory = try TemporaryDirectory()
        let broker = try BrokerFixture(topics: ["operations", "trustlog", "operations.dead-letter"])
        let fresh = try await check(broker.servers, directory)
        #expect(fresh.code == 0)
        #expect(fresh.lines.first == "the settings are valid (no settings file)")
        #expect(fresh.lines.contains("ok       broker: \(broker.servers) answers"))
        for topic in ["operations", "trustlog", "operations.dead-letter"] {
            #expect(fresh.lines.contains("ok       topic \(topic): 3 partitions"))
        }
        #expect(
            fresh.lines.contains(
                "ok       group trustlog: has committed nothing yet, so that it starts at the earliest message"))
        #expect(fresh.lines.contains { $0.hasPrefix("ok       schema: holds no schema yet; the service brings it") })

        _ = await trustlog("migrate", "--set", "database.url=sqlite:\(directory.path)/t.db")
        let migrated = try await check(broker.servers, directory)
        #expect(migrated.code == 0)
        #expect(
            migrated.lines.suffix(2) == ["ok       schema: version 1", "ok       grants: the user may read and write"])
    }

    @Test("a topic that is missing, or a schema that nobody makes, is exit 78 with what to do")
    func wrong() async throws {
        let directory = try TemporaryDirectory()
        let broker = try BrokerFixture(topics: ["operations", "trustlog", "operations.dead-letter"])
        broker.cluster.setTopicError("trustlog", KafkaError.unknownTopicOrPartition)
        let topic = try await check(broker.servers, directory)
        #expect(topic.code == 78)
        #expect(
            topic.lines.contains(
                "error    topic trustlog: does not exist; create it, or set output.topic to one that does"))
        let created = try await check(broker.servers, directory, "--set", "kafka.create-topics=true")
        #expect(created.code == 0)

        broker.cluster.setTopicError("trustlog", 0)
        let schema = try await check(broker.servers, directory, "--set", "database.migrate=false")
        #expect(schema.code == 78)
        #expect(
            schema.lines.last
                == "error    schema: holds no schema yet; run 'trustlog migrate', as database.migrate is false")
    }

    @Test("a broker or database that does not answer is exit 69, and the other is tried all the same")
    func unreachable() async throws {
        let directory = try TemporaryDirectory()
        let away = try await check("127.0.0.1:1", directory)
        #expect(away.code == 69)
        #expect(away.lines.contains { $0.hasPrefix("error    broker: 127.0.0.1:1 does not answer (") })
        #expect(away.lines.contains { $0.hasPrefix("ok       database: ") })

        let broker = try BrokerFixture(topics: ["operations", "trustlog", "operations.dead-letter"])
        let folder = try await check(broker.servers, directory, "--set", "database.url=sqlite:/no/such/t.db")
        #expect(folder.code == 69)
        #expect(
            folder.lines.last
                == "error    database: sqlite:/no/such/t.db cannot be made: /no/such/: No such file or directory")
    }

    @Test("only what the strategy uses is tried")
    func strategies() async throws {
        let directory = try TemporaryDirectory()
        let broker = try BrokerFixture(topics: ["operations", "trustlog", "operations.dead-letter"])
        let direct = try await check(broker.servers, directory, "--set", "strategy=trustlog-only")
        #expect(!direct.lines.contains { $0.contains("database: ") })
        let persisted = try await check(broker.servers, directory, "--set", "strategy=db-only")
        #expect(!persisted.lines.contains { $0.contains("topic trustlog: ") })
    }
}
