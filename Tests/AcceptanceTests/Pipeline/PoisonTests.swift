import Testing
import TrustlogTestKit

extension AcceptanceSuite {
    @Suite("Messages that are no operations")
    struct PoisonMessages {
        private static let large = ["max.message.bytes": "4194304"]
        private static let size = 2 * 1024 * 1024

        @Test(
            "each ends in the dead-letter topic with its code, its field and its own bytes, and the partition goes on",
            arguments: DatabaseKind.available)
        func all(on database: DatabaseKind) async throws {
            let sidecar = try await Sidecar.make(
                on: database, partitions: 1, inputConfigs: Self.large, deadLetterConfigs: Self.large,
                settings: ["kafka.producer.message.max.bytes": "4194304"])
            let process = try await sidecar.run()
            let poison = Poison.all + [Poison("2 MiB", Self.twoMebibytes, code: "too-large")]
            for (number, message) in poison.enumerated() {
                try await sidecar.kcat.produce(
                    sidecar.input, key: "key-\(number)", value: message.value,
                    headers: message.headers + [("x-origin", "o-\(number)")])
            }
            try await sidecar.kcat.produce(sidecar.input, lines: ["k\t" + Poison.operation("after")])
            try await sidecar.awaitTrustlogged(1, by: process)
            try await sidecar.awaitDeadLetters(poison.count)

            let letters = try await sidecar.kcat.consume(sidecar.deadLetters, headers: true)
            #expect(letters.count == poison.count)
            for (number, message) in poison.enumerated() {
                guard let letter = letters.first(where: { $0.keyText == "key-\(number)" }) else {
                    Issue.record("\(message.name): no dead letter")
                    continue
                }
                expect(letter, is: message, number, of: sidecar)
            }
            for code in Set(poison.map(\.code)) {
                let expected = poison.count { $0.code == code }
                try await eventually("each \(code) is counted") {
                    let metrics = try await process.metrics()
                    return metrics[#"trustlog_operations_dead_lettered_total{code="\#(code)"}"#] == Double(expected)
                }
            }
            #expect(try await sidecar.count(where: "true") == 1)
            #expect(try await process.stop() == .exited(0))
        }

        private func expect(_ letter: KafkaMessage, is message: Poison, _ number: Int, of sidecar: Sidecar) {
            let name = Comment(rawValue: message.name)
            #expect(letter.value == message.value, name)
            #expect(letter.header("trustlog-error-code") == message.code, name)
            #expect(letter.header("trustlog-error-field") == message.field, name)
            #expect(letter.header("trustlog-error-message")?.isEmpty == false, name)
            #expect(letter.header("__connect.errors.topic") == sidecar.input, name)
            #expect(letter.header("__connect.errors.partition") == "0", name)
            #expect(letter.header("__connect.errors.offset") == "\(number)", name)
            #expect(letter.header("__connect.errors.exception.message")?.isEmpty == false, name)
            // The original's headers come first, as they were.
            let originals = message.headers + [("x-origin", "o-\(number)")]
            #expect(letter.headers.prefix(originals.count).map(\.name) == originals.map(\.0), name)
            #expect(letter.headers.prefix(originals.count).map { $0.value ?? "" } == originals.map(\.1), name)
        }

        @Test("one that the dead-letter topic refuses for its size leaves its size and digest there")
        func tooLargeForTheDeadLetterTopic() async throws {
            let sidecar = try await Sidecar.make(partitions: 1, inputConfigs: Self.large)
            let process = try await sidecar.run()
            try await sidecar.kcat.produce(
                sidecar.input, key: "large", value: Self.twoMebibytes, headers: [("x-origin", "o")])
            try await sidecar.kcat.produce(sidecar.input, lines: ["k\t" + Poison.operation("after")])
            try await sidecar.awaitTrustlogged(1, by: process)
            try await sidecar.awaitDeadLetters(1)
            try FileTree.write(Self.twoMebibytes, to: sidecar.folder["large"])
            let digest = try await Command.check(["sha256sum", sidecar.folder["large"]]).text.prefix(64)

            let letter = try #require(try await sidecar.kcat.consume(sidecar.deadLetters, headers: true).first)
            #expect(letter.keyText == "large")
            #expect(letter.value == nil)
            #expect(letter.header("trustlog-error-code") == "too-large")
            #expect(letter.header("trustlog-original-size") == "\(Self.size)")
            #expect(letter.header("trustlog-original-sha256") == String(digest))
            #expect(letter.headers.first?.name == "x-origin")
            #expect(process.logText.contains(#""level":"error""#))
            #expect(try await process.stop() == .exited(0))
        }

        private static let twoMebibytes: [UInt8] = {
            let start = Array(Poison.operation("large", [("x", "\"")]).utf8.dropLast())
            let end = Array("\"}".utf8)
            return start + [UInt8](repeating: UInt8(ascii: "x"), count: size - start.count - end.count) + end
        }()

        @Test(
            "unicode in every string, unknown fields, CloudEvents and the edges of every limit are operations",
            arguments: DatabaseKind.available)
        func accepted(on database: DatabaseKind) async throws {
            let sidecar = try await Sidecar.make(on: database, partitions: 1)
            let process = try await sidecar.run()
            let text = #""é\u0301 日本語 👩‍👩‍👧 \ud83d\ude00 \"\\\/""#
            let strings = [
                "opSource", "opType", "doPrefix", "doRepository", "doid", "producerId", "opActor", "requestBodyHash",
                "responseBodyHash",
            ]
            let lines = [
                Poison.operation("日本語-é-👩‍👩‍👧", strings.map { ($0, text) } + [("ключ", text)]),
                Poison.operation("unknown", [("n", "1.50"), ("b", "true"), ("z", "null"), ("o", #"{"b":1,"a":[]}"#)]),
                Poison.operation("extra-inside", [("extra", "1"), ("source", #""s""#), ("nul", #""\u0000""#)]),
                Poison.operation("optional-null", [("clientIp", "null"), ("requestBodyHash", #""""#)]),
                Poison.operation("ipv6", [("clientIp", #""2001:DB8::1""#), ("serverIp", #""::ffff:10.0.0.1""#)]),
                Poison.operation("offset", [("timestamp", #""2026-03-01t12:00:00.1234567890+05:30""#)]),
                Poison.operation("minus-zero", [("timestamp", #""1970-01-01T00:00:00-00:00""#)]),
                Poison.operation(String(repeating: "i", count: 128)),
                Poison.operation("deep", [("x", Poison.nested(63))]),
                Poison.operation("largest", [("n", "9007199254740991"), ("m", "-9007199254740991"), ("f", "1e308")]),
            ]
            try await sidecar.kcat.produce(sidecar.input, lines: lines.map { "k\t" + $0 })
            let event =
                #"{"specversion":"1.0","id":"1","source":"/s","type":"t","data":\#(Poison.operation("event"))}"#
            try await sidecar.kcat.produce(
                sidecar.input, key: "k", value: Array(event.utf8), headers: [Poison.cloudEvent])
            try await sidecar.awaitTrustlogged(lines.count + 1, by: process)

            #expect(try await sidecar.kcat.consume(sidecar.deadLetters).map(\.text) == [])
            let evidence = try await sidecar.evidence()
            #expect(evidence.faults == "")
            #expect(evidence.distinctOpIds == lines.count + 1)
            try await sidecar.expectValidSignatures(distinct: lines.count + 1, sample: 20)
            let times = try await sidecar.query(
                """
                SELECT \(sidecar.database.time("op_timestamp")) FROM operation
                WHERE op_id IN ('offset', 'minus-zero') ORDER BY op_id
                """)
            #expect(times == ["1970-01-01T00:00:00.000000Z", "2026-03-01T06:30:00.123456Z"])
            #expect(try await process.stop() == .exited(0))
        }

        @Test(
            "the same opId again is a duplicate with the same content, a conflict with other content",
            arguments: DatabaseKind.available)
        func repeated(on database: DatabaseKind) async throws {
            let sidecar = try await Sidecar.make(on: database, partitions: 1)
            let first = Poison.operation("one")
            let other = Poison.operation("one", [("opActor", #""someone else""#)])
            let reordered = #"{"opActor":"a","# + first.dropFirst().replacing(#","opActor":"a""#, with: "")
            // In one batch: all of this is there before the process starts.
            try await sidecar.kcat.produce(sidecar.input, lines: [first, first, reordered, other].map { "k\t" + $0 })
            let process = try await sidecar.run()
            try await sidecar.awaitTrustlogged(1, by: process)
            // Across batches, with a new operation behind them.
            let last = Poison.operation("two")
            try await sidecar.kcat.produce(sidecar.input, lines: [first, other, last].map { "k\t" + $0 })
            try await sidecar.awaitTrustlogged(2, by: process)
            try await sidecar.awaitDeadLetters(2)

            let letters = try await sidecar.kcat.consume(sidecar.deadLetters, headers: true)
            #expect(letters.map(\.text) == [other, other])
            #expect(letters.map { $0.header("trustlog-error-code") } == ["conflict", "conflict"])
            #expect(letters.map { $0.header("trustlog-error-field") } == ["opId", "opId"])
            #expect(letters.map { $0.header("__connect.errors.offset") } == ["3", "5"])
            #expect(try await process.metrics().sum("trustlog_operations_duplicate_total") == 3)
            #expect(try await sidecar.query("SELECT op_actor FROM operation WHERE op_id = 'one'") == ["a"])
            let evidence = try await sidecar.evidence()
            #expect(evidence.faults == "")
            #expect(evidence.envelopes == 2)
            #expect(try await process.stop() == .exited(0))
        }
    }
}
