import CommandLineTool
import KafkaClient
import OperationStore
import Testing
import TrustlogCLI
import TrustlogCore

@Suite("trustlog audit")
struct AuditCommandTests {
    private func makeFixture() async throws -> (OperatorFixture, BrokerFixture) {
        let broker = try BrokerFixture(partitions: 1)
        let fixture = try await OperatorFixture(operations: 20, broker: broker)
        let replay = await fixture.run("replay", "--from", "beginning")
        #expect(replay.code == 0)
        // Records of different keys arrive in any order.
        let verifier = EnvelopeVerifier(keys: [try KeyFiles.loadPublic("\(fixture.directory.path)/key.pub")])
        for message in try await broker.messages(of: "trustlog") {
            let opId = try verifier.verify(try #require(message.value)).operation.opId
            let seq = try #require(try await fixture.store.operation(opId: opId)?.row.seq)
            try await fixture.store.recordAcknowledged([
                Acknowledgement(seq: seq, partition: message.partition, offset: message.offset)
            ])
        }
        return (fixture, broker)
    }

    @Test("a table and a topic that agree are exit 0, in words and in JSON")
    func agrees() async throws {
        let (fixture, _) = try await makeFixture()
        let text = await fixture.run("audit")
        #expect(text.code == 0 && text.output.hasSuffix("\nTable and topic agree.\n"), "\(text)")
        #expect(text.error.isEmpty)
        let json = try JSONValue(json: await fixture.run("audit", "-o", "json").output)
        #expect(json["ok"] == true && json["rows"] == 20 && json["confirmed"] == 20 && json["failures"] == [])
    }

    @Test("what disagrees is exit 2, each fault with its place and reason")
    func disagrees() async throws {
        let (fixture, broker) = try await makeFixture()
        try await broker.send([Array("garbage".utf8)], to: "trustlog", partition: 0)
        let other = try EvidenceFixture()
        try await broker.send([try other.envelope(1)], to: "trustlog", partition: 0)
        let json = await fixture.run("audit", "-o", "json")
        #expect(json.code == 2)
        let document = try JSONValue(json: json.output)
        #expect(document["ok"] == false && document["invalid"] == 2 && document["confirmed"] == 20)
        let failures = try #require(document["failures"]?.arrayValue)
        #expect(failures.map { $0["kind"] } == ["invalid", "invalid"] && failures.map { $0["offset"] } == [20, 21])
        let lines = await fixture.run("audit", "-o", "jsonl").output.split(separator: "\n")
        #expect(lines.count == 3)
        let text = await fixture.run("audit").output
        #expect(text.contains("INVALID  partition 0, offset 20: not a DSSE envelope"))
        #expect(text.hasSuffix("\nTable and topic disagree: 2 faults.\n"))
    }

    @Test("nothing at all is no fault; without a key it is exit 78, without a broker 69")
    func edges() async throws {
        let broker = try BrokerFixture()
        let fixture = try await OperatorFixture(broker: broker)
        let empty = await fixture.run("audit")
        #expect(empty.code == 0 && empty.output.contains("there is nothing to audit"))
        let words = ["audit", "--timeout", "500ms", "--set", "database.url=sqlite:\(fixture.directory.path)/t.db"]
        #expect(await trustlog(words, environment: broker.environment).code == 78)
        let key = ["--set", "verify.key-files=\(fixture.directory.path)/key.pub"]
        let away = await trustlog(words + key + ["--set", "kafka.bootstrap-servers=127.0.0.1:1"])
        #expect(away.code == 69, "\(away)")
    }
}
