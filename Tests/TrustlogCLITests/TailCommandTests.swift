import CommandLineTool
import Testing

@Suite("trustlog tail")
struct TailCommandTests {
    @Test("a record is one line: time, type, doid, opId, place")
    func text() async throws {
        let evidence = try EvidenceFixture()
        let broker = try BrokerFixture(partitions: 1)
        try await broker.send((0..<3).map { try evidence.envelope($0) }, to: "trustlog")
        let outcome = await trustlog(
            "tail", "--from", "beginning", "--count", "2", environment: broker.environment)
        #expect(outcome.code == 0)
        #expect(
            outcome.output == """
                2026-01-02T03:04:05.000006Z  OC_REGISTER  86.1000/0  op-0  0@0
                2026-01-02T03:04:05.000006Z  OC_REGISTER  86.1000/1  op-1  0@1

                """)
    }

    @Test("--verify marks what a key has signed, and shows nothing else of what none has")
    func verify() async throws {
        let evidence = try EvidenceFixture()
        let foreign = try EvidenceFixture()
        let broker = try BrokerFixture(partitions: 1)
        try await broker.send([evidence.envelope(0), foreign.envelope(1), nil], to: "trustlog")
        let words = [
            "tail", "--verify", "--from", "beginning", "-n", "3", "--set", "verify.key-files=\(evidence.publicKey)",
        ]
        let text = await trustlog(words, environment: broker.environment).output.split(separator: "\n")
        try #require(text.count == 3)
        #expect(text[0].hasSuffix("op-0  0@0  verified"))
        #expect(text[1].hasSuffix("  -  -  -  0@1  INVALID no signature of a known key verifies"))
        #expect(text[2].hasSuffix("  0@2  INVALID the message has no value (a tombstone)"))

        let json = await trustlog(words + ["-o", "json"], environment: broker.environment)
        let records = try #require(try JSONValue(json: json.output).arrayValue)
        #expect(records.map { $0["verified"] } == [true, false, false])
        #expect(records[0]["record"]?["opId"] == "op-0")
        #expect(records[1]["record"] == .null)
        #expect(records[1]["offset"] == 1)
    }

    @Test("without a key --verify is exit 78, without a broker 69, without a topic 1")
    func failures() async throws {
        let broker = try BrokerFixture()
        #expect(await trustlog("tail", "--verify", environment: broker.environment).code == 78)
        let away = ["tail", "--timeout", "300ms", "--set", "kafka.bootstrap-servers=127.0.0.1:1"]
        #expect(await trustlog(away).code == 69)
        #expect(await trustlog("tail", "--count", "0", environment: broker.environment).code == 64)
    }
}
