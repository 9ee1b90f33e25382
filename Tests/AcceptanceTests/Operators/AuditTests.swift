import CommandLineTool
import Testing
import TrustlogTestKit

extension AcceptanceSuite {
    @Suite("The table held against the topic")
    struct Audits {
        @Test("what agrees is exit 0, what was tampered with exit 2, what retention removed is told apart")
        func audit() async throws {
            let sidecar = try await Sidecar.make()
            var generator = OperationGenerator(seed: 14)
            try await sidecar.produce(generator.take(1_000))
            let process = try await sidecar.run()
            try await sidecar.awaitTrustlogged(1_000, by: process)
            let clean = try await sidecar.json("audit")
            #expect(clean["ok"] == true && clean["confirmed"] == 1_000 && clean["repeats"] == 0)
            #expect(try await process.stop() == .exited(0))
            #expect(try await sidecar.command("replay", "--from", "op:\(try await opId(of: 991, sidecar))").code == 0)
            let repeated = try await sidecar.json("audit")
            #expect(repeated["ok"] == true && repeated["repeats"] == 10 && repeated["envelopes"] == 1_010)

            _ = try await sidecar.query("UPDATE operation SET op_actor = 'somebody else' WHERE seq = 500")
            let tampered = try await sidecar.command("audit", "-o", "json")
            #expect(tampered.code == 2)
            let found = try JSONValue(json: tampered.text)
            #expect(found["different"] == 1 && found["missing"] == 0 && found["confirmed"] == 999)
            #expect(found["failures"]?.arrayValue?.map { $0["sequence"] } == [500])

            let other = try await KafkaBroker.shared().createTopic()
            let empty = try await sidecar.command("audit", settings: ["output.topic": other])
            #expect(empty.code == 2 && empty.text.contains("Table and topic disagree: 1,000 faults."), "\(empty)")
            let away = try await sidecar.command(
                "audit", "--timeout", "2s", settings: ["kafka.bootstrap-servers": "127.0.0.1:1"])
            #expect(away.code == 69)
        }

        private func opId(of seq: Int, _ sidecar: Sidecar) async throws -> String {
            try #require(try await sidecar.query("SELECT op_id FROM operation WHERE seq = \(seq)").first)
        }

        @Test("rows whose envelopes the topic no longer has are expired, not missing")
        func expired() async throws {
            let sidecar = try await Sidecar.make(partitions: 1)
            var generator = OperationGenerator(seed: 15)
            try await sidecar.produce(generator.take(200))
            let process = try await sidecar.run()
            try await sidecar.awaitTrustlogged(200, by: process)
            #expect(try await process.stop() == .exited(0))
            try FileTree.write(
                #"{"partitions":[{"topic":"\#(sidecar.output)","partition":0,"offset":120}],"version":1}"#,
                to: sidecar.folder["delete.json"])
            try await KafkaBroker.shared().tool(
                "delete-records", ["--offset-json-file", sidecar.folder["delete.json"]])
            let audit = try await sidecar.json("audit")
            #expect(audit["ok"] == true && audit["expired"] == 120 && audit["confirmed"] == 80)
        }
    }
}
