import CommandLineTool
import OperationStore
import Testing
import TrustlogCore

@Suite("trustlog replay")
struct ReplayCommandTests {
    private func events(_ outcome: Outcome) throws -> [JSONValue] {
        try outcome.output.split(separator: "\n").map { try JSONValue(json: String($0)) }
    }

    @Test("away from a terminal it prints a plan, its progress and the end as JSON lines, however short it is")
    func jsonLines() async throws {
        let broker = try BrokerFixture()
        let fixture = try await OperatorFixture(operations: 50, broker: broker)
        let outcome = await fixture.run("replay", "--from", "op:op-11", "--to", "op:op-40")
        #expect(outcome.code == 0 && outcome.error.isEmpty, "\(outcome.error)")
        let lines = try events(outcome)
        let plan = try #require(lines.first)
        #expect(plan["event"] == "plan" && plan["records"] == 30 && plan["from"] == 11 && plan["to"] == 40)
        #expect(plan["topic"] == "trustlog" && plan["cursor"] == "replay")
        #expect(lines.map { $0["event"] }.suffix(2) == ["progress", "done"] && lines.last?["published"] == 30)
        let progress = try #require(lines.dropLast().last)
        #expect(progress["published"] == 30 && progress["etaSeconds"] == 0)
        #expect(try #require(progress["rate"]?.integerValue) > 0)
        #expect(try await broker.messages(of: "trustlog").count == 30)
        #expect(try await fixture.status("op-11") == .notTrustlogged)
        #expect(try await fixture.store.cursors().isEmpty)
    }

    @Test("--dry-run needs neither broker nor key, and does nothing")
    func dryRun() async throws {
        let fixture = try await OperatorFixture(operations: 5)
        let outcome = await trustlog(
            ["replay", "--from", "beginning", "--dry-run"],
            environment: ["TRUSTLOG_DATABASE_URL": "sqlite:\(fixture.directory.path)/t.db"])
        #expect(outcome.code == 0)
        #expect(try events(outcome).map { $0["records"] } == [5])
        #expect(try await fixture.store.cursors().isEmpty)
    }

    @Test("an empty range is done at once, exit 0")
    func empty() async throws {
        let broker = try BrokerFixture()
        let fixture = try await OperatorFixture(operations: 5, broker: broker)
        let outcome = await fixture.run("replay", "--from", "time:2100-01-01T00:00:00Z")
        #expect(outcome.code == 0)
        let lines = try events(outcome)
        #expect(lines.map { $0["event"] } == ["plan", "progress", "done"])
        #expect(lines[0]["records"] == 0 && lines[0]["from"] == .null)
        #expect(lines[1]["published"] == 0 && lines[1]["rate"] == 0 && lines[2]["published"] == 0)
    }

    @Test("a command line that means nothing is exit 64, an unknown place 1, a topic that is not there 1")
    func refused() async throws {
        let broker = try BrokerFixture()
        let fixture = try await OperatorFixture(operations: 5, broker: broker)
        #expect(await fixture.run("replay").code == 64)
        #expect(await fixture.run("replay", "--from", "yesterday").error.contains("allowed: one of beginning, end"))
        #expect(await fixture.run("replay", "--from", "time:yesterday").error.contains("RFC 3339"))
        #expect(await fixture.run("replay", "--from", "end", "--rate", "0").code == 64)
        #expect(await fixture.run("replay", "--from", "end", "--topic", "no topic").code == 64)
        #expect(await fixture.run("replay", "--from", "end", "--topic", "operations").code == 64)
        #expect(await fixture.run("replay", "--from", "end", "--cursor", "publish-0").code == 64)
        #expect(await fixture.run("replay", "--from", "op:nobody").code == 1)
        #expect(await fixture.run("replay", "--from", "end", "--to", "cursor:nobody").code == 1)
        _ = try await fixture.store.setCursor(key: "mark", value: "3", expected: nil)
        #expect(await fixture.run("replay", "--from", "end", "--cursor", "mark").code == 64)
        #expect(try await fixture.store.cursors().map(\.key) == ["mark"])
    }

    @Test("without a signing key or under trustlog-only it is exit 78, without a broker 69")
    func unreachable() async throws {
        let fixture = try await OperatorFixture(operations: 5)
        let environment = [
            "TRUSTLOG_DATABASE_URL": "sqlite:\(fixture.directory.path)/t.db",
            "TRUSTLOG_KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1",
        ]
        let words = ["replay", "--from", "beginning", "--timeout", "500ms"]
        let keyless = await trustlog(words, environment: environment)
        #expect(keyless.code == 78 && keyless.error.contains("trustlog keygen"))
        let key = ["--set", "signing.key-file=\(fixture.directory.path)/key"]
        #expect(await trustlog(words + key, environment: environment).code == 69)
        let direct = await trustlog(words + key + ["--set", "strategy=trustlog-only"], environment: environment)
        #expect(direct.code == 78)
    }

    @Test("rows that cannot be published are named, the others published, exit 1")
    func failures() async throws {
        let broker = try BrokerFixture()
        let fixture = try await OperatorFixture(operations: 3, broker: broker)
        let limit = ["--set", "kafka.producer.message.max.bytes=1000"]
        let long = String(repeating: "x", count: 1_200)
        _ = try await fixture.store.persist(
            IngestBatch(
                group: "none", initialStatus: .waiting,
                rows: [
                    IncomingOperation(
                        operation: try OperationDecoder.decode(
                            Array((operationLine(4).dropLast() + #","x":"\#(long)"}"#).utf8)
                        ).get(), source: nil,
                        headers: nil)
                ], positions: []))
        let outcome = await fixture.run("replay", "--from", "beginning", limit[0], limit[1])
        #expect(outcome.code == 1)
        let lines = try events(outcome)
        let failed = try #require(lines.first { $0["event"] == "failed" })
        #expect(failed["opId"] == "op-4" && failed["sequence"] == 4)
        #expect(lines.last?["published"] == 3 && lines.last?["failed"] == 1)
        #expect(outcome.error.contains("1 record could not be published:\nseq 4 (opId op-4): too-large: "))
    }
}
