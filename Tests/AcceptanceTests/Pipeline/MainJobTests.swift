import CommandLineTool
import Testing
import TrustlogTestKit

extension AcceptanceSuite {
    @Suite("The main job, on the built program and a real broker")
    struct MainJob {
        @Test(
            "every operation, whoever produced it, becomes a TRUSTLOGGED row and a valid envelope where the row says",
            arguments: DatabaseKind.available)
        func everyOperation(on database: DatabaseKind) async throws {
            let sidecar = try await Sidecar.make(on: database)
            var generator = OperationGenerator(seed: 1)
            let operations = generator.take(Scale.operations(on: database))
            let half = operations.count / 2
            try FileTree.write(
                operations[..<half].map { $0.json + "\n" }.joined(), to: sidecar.folder["operations.jsonl"])
            try await TrustlogBinary.check(
                ["produce"] + sidecar.options() + [sidecar.folder["operations.jsonl"]], timeout: .seconds(120))

            let process = try await sidecar.run()
            try await sidecar.produce(operations[half...])
            try await sidecar.awaitTrustlogged(operations.count, by: process)

            for counter in [
                "trustlog_operations_consumed_total", "trustlog_operations_persisted_total",
                #"trustlog_records_published_total{path="cursor"}"#,
            ] {
                try await eventually("\(counter) counts each") {
                    try await process.metrics().sum(counter) == Double(operations.count)
                }
            }
            // Rows are counted seldom: it costs a pass over the table.
            try await eventually("status has counted every row, and none that waits") {
                let status = try await sidecar.status(of: process)
                return status["persisted"]?.integerValue == operations.count
                    && status["unlogged"]?["count"]?.integerValue == 0 && status["running"]?.boolValue == true
            }
            #expect(try await process.stop() == .exited(0))

            let evidence = try await sidecar.evidence()
            #expect(evidence.faults == "")
            #expect(evidence.trustlogged == operations.count)
            #expect(evidence.distinctOpIds == operations.count)
            #expect(evidence.repeats == 0)
            #expect(evidence.positionsUnknown == 0)
            try await sidecar.expectValidSignatures(distinct: operations.count)
            #expect(try await sidecar.kcat.count(sidecar.deadLetters, partitions: 1) == 0)
        }

        @Test("verify takes what was published, finds one changed byte, and does not take nothing for success")
        func verify() async throws {
            let sidecar = try await Sidecar.make(partitions: 1)
            var generator = OperationGenerator(seed: 2)
            let process = try await sidecar.run()
            try await sidecar.produce(generator.take(20))
            try await sidecar.awaitTrustlogged(20, by: process)
            let envelopes = try await sidecar.kcat.consume(sidecar.output).map(\.text)
            let arguments = ["verify", "-o", "json", "--key", sidecar.publicKey, "-"]
            func verdict(_ lines: [String]) async throws -> (code: Int32, JSONValue) {
                let result = try await TrustlogBinary.run(
                    arguments, input: Array(lines.map { $0 + "\n" }.joined().utf8))
                return (result.code, try JSONValue(json: result.text))
            }
            let (good, goodVerdict) = try await verdict(envelopes)
            #expect(good == 0)
            #expect(goodVerdict["valid"]?.integerValue == 20)
            #expect(goodVerdict["invalid"]?.integerValue == 0)

            var changed = envelopes
            changed[7] = changed[7].replacing(#""sig":"A"#, with: #""sig":"B"#, maxReplacements: 1)
            if changed[7] == envelopes[7] {
                let sig = try #require(changed[7].firstRange(of: #""sig":""#))
                changed[7].replaceSubrange(sig.upperBound...sig.upperBound, with: "A")
            }
            let (bad, badVerdict) = try await verdict(changed)
            #expect(bad == 2)
            #expect(badVerdict["valid"]?.integerValue == 19)
            #expect(badVerdict["failures"]?.arrayValue?.first?["line"]?.integerValue == 8)

            let nothing = try await TrustlogBinary.run(arguments, input: [])
            #expect(nothing.code == 2)
            let onTopic = try await TrustlogBinary.run(["verify", "--topic"] + sidecar.options())
            #expect(onTopic.code == 0, "\(onTopic.errorText)")
            #expect(try await process.stop() == .exited(0))
        }

        @Test("a message on the trustlog topic carries the contract's key and headers")
        func headers() async throws {
            let sidecar = try await Sidecar.make(partitions: 1, settings: ["output.forward-headers": "x-tenant"])
            let process = try await sidecar.run()
            var generator = OperationGenerator(seed: 3)
            let operation = generator.next()
            let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
            try await sidecar.kcat.produce(
                sidecar.input, key: operation.doid, value: Array(operation.json.utf8),
                headers: [
                    ("traceparent", trace), ("x-tenant", "first"), ("x-tenant", "last"), ("x-other", "no"),
                    ("ce_id", "not-mine"),
                ])
            try await sidecar.awaitTrustlogged(1, by: process)
            let message = try #require(try await sidecar.kcat.consume(sidecar.output, headers: true).first)
            #expect(message.keyText == operation.doid)
            #expect(message.header("content-type") == "application/vnd.dsse.envelope.v1+json")
            #expect(message.header("ce_specversion") == "1.0")
            #expect(message.header("ce_id") == operation.opId)
            #expect(message.header("ce_source") == "/trustlog")
            #expect(message.header("ce_type") == "trustlog.operation.v1")
            #expect(message.header("ce_time")?.hasSuffix("Z") == true)
            #expect(message.header("_watermill_message_uuid")?.count == 36)
            #expect(message.header("traceparent") == trace)
            #expect(message.headers.filter { $0.name == "x-tenant" }.map(\.value) == ["last"])
            #expect(message.headers.contains { $0.name == "x-other" } == false)
            #expect(message.headers.filter { $0.name == "ce_id" }.count == 1)
            #expect(try await process.stop() == .exited(0))
        }

        @Test("the demo ends with as many verified envelopes as it produced operations")
        func demo() async throws {
            let count = Scale.isFull ? 100_000 : 2_000
            let result = try await TrustlogBinary.run(
                ["demo", "--operations", "\(count)"], timeout: .seconds(Scale.isFull ? 600 : 120))
            #expect(result.code == 0, "\(result.errorText.suffix(2_000))")
            for word in ["produced", "persisted", "published", "verified"] {
                let line = result.lines.last { $0.lowercased().contains(word) }
                let digits = line?.filter(\.isNumber)
                #expect(digits?.contains("\(count)") == true, "\(word): \(line ?? "no such line")")
            }
        }
    }
}
