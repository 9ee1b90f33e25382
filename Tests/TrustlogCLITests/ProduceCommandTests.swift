import KafkaClient
import Testing

@Suite("trustlog produce")
struct ProduceCommandTests {
    @Test("every line becomes a message: the line as it is, its doid the key")
    func lines() async throws {
        let broker = try BrokerFixture()
        let directory = try TemporaryDirectory()
        let lines = (0..<2_500).map(operationLine)
        let file = try directory.file("ops.jsonl", lines.joined(separator: "\n"))
        let outcome = await trustlog("produce", file, environment: broker.environment)
        #expect(outcome.code == 0)
        #expect(outcome.output == "produced 2500 operations to operations\n")
        #expect(outcome.error.isEmpty)
        let messages = try await broker.messages(of: "operations")
        #expect(Set(messages.map { String(decoding: $0.value ?? [], as: UTF8.self) }) == Set(lines))
        #expect(messages.count == lines.count)
        for message in messages {
            let value = String(decoding: message.value ?? [], as: UTF8.self)
            #expect(value.contains(#""doid":"\#(String(decoding: message.key ?? [], as: UTF8.self))""#))
        }
    }

    @Test("a line that is no operation is told by its number and not sent; the others are; exit 1")
    func invalidLines() async throws {
        let broker = try BrokerFixture()
        let directory = try TemporaryDirectory()
        let huge = String(repeating: "x", count: 1_100_000)
        let file = try directory.file(
            "ops.jsonl", [operationLine(1), "", "{}", huge, "garbage", operationLine(2)].joined(separator: "\n"))
        let outcome = await trustlog("produce", file, environment: broker.environment)
        #expect(outcome.code == 1)
        #expect(outcome.output == "produced 2 operations to operations\n")
        let errors = outcome.error.split(separator: "\n")
        try #require(errors.count == 4)
        #expect(errors[0].hasPrefix("error: line 3: invalid: opId is missing"))
        #expect(errors[1].hasPrefix("error: line 4: too-large: "))
        #expect(errors[2].hasPrefix("error: line 5: malformed: "))
        #expect(errors[3] == "error: 3 lines were not produced")
        #expect(try await broker.messages(of: "operations").count == 2)
    }

    @Test("--raw sends lines that are no operation, with a key where a doid can be read")
    func raw() async throws {
        let broker = try BrokerFixture()
        let directory = try TemporaryDirectory()
        let file = try directory.file("ops.jsonl", "garbage\n{\"doid\":\"d\"}\n")
        let outcome = await trustlog("produce", "--raw", file, environment: broker.environment)
        #expect(outcome.code == 0)
        let messages = try await broker.messages(of: "operations")
        let pairs = messages.map { message in
            (
                message.key.map { String(decoding: $0, as: UTF8.self) },
                String(decoding: message.value ?? [], as: UTF8.self)
            )
        }
        #expect(pairs.contains { $0 == nil && $1 == "garbage" })
        #expect(pairs.contains { $0 == "d" && $1 == "{\"doid\":\"d\"}" })
    }

    @Test("a file that is not there is exit 1, a broker that is not there 69, a topic that is not there 1")
    func unreachable() async throws {
        let directory = try TemporaryDirectory()
        let file = try directory.file("ops.jsonl", operationLine(1))
        let nobody = ["TRUSTLOG_KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1"]
        let missing = await trustlog("produce", "/no/such", environment: nobody)
        #expect(missing.code == 1)
        #expect(missing.error == "error: cannot read /no/such: No such file or directory\n")
        let away = await trustlog("produce", file, "--timeout", "300ms", environment: nobody)
        #expect(away.code == 69)
        #expect(away.error.contains("no broker of 127.0.0.1:1 answers in time"))
        #expect(await trustlog("produce", file).code == 78)

        let broker = try BrokerFixture()
        broker.cluster.setTopicError("operations", KafkaError.unknownTopicOrPartition)
        let topic = await trustlog("produce", file, environment: broker.environment)
        #expect(topic.code == 1)
        #expect(topic.error.contains("cannot write to the topic operations: the topic does not exist"))
    }

    @Test("a broker that goes away half-way is exit 69 with what was acknowledged")
    func gaveUp() async throws {
        let broker = try BrokerFixture()
        // Produce requests (api key 0) fail in a way that is tried again.
        broker.cluster.pushRequestErrors(apiKey: 0, Array(repeating: KafkaError.notEnoughReplicas, count: 1_000))
        let directory = try TemporaryDirectory()
        let file = try directory.file("ops.jsonl", operationLine(1))
        let outcome = await trustlog("produce", file, "--timeout", "3s", environment: broker.environment)
        #expect(outcome.code == 69)
        #expect(outcome.output == "produced 0 operations to operations\n")
        #expect(outcome.error.contains("1 operations were not acknowledged and may be there"))
    }
}
