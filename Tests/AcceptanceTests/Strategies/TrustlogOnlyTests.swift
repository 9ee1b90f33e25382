import CommandLineTool
import Testing
import TrustlogTestKit

extension AcceptanceSuite {
    @Suite("trustlog-only")
    struct TrustlogOnly {
        private static let settings = Sidecar.direct.merging(["input.session-timeout": "6s"]) { $1 }
        private static let operations = Scale.isFull ? 50_000 : 2_000
        private static let kills = Scale.isFull ? 12 : 4

        @Test("killed every two seconds, a reader of committed messages sees each operation exactly once")
        func killed() async throws {
            let sidecar = try await Sidecar.make(settings: Self.settings)
            var generator = OperationGenerator(seed: 11)
            let share = Self.operations / Self.kills
            for kill in 0..<Self.kills {
                // The last one without a name: the group then waits for its session, readers for its transaction.
                let process = try sidecar.launch(kill < Self.kills - 1 ? ["instance.id": "one"] : [:])
                for _ in 0..<10 {
                    try await sidecar.produce(generator.take(share / 10))
                    try await Task.sleep(for: .milliseconds(200))
                }
                #expect(process.process.isRunning, "it ended by itself: \(process.logText.suffix(2_000))")
                try await process.process.killAndWait()
            }
            let produced = share / 10 * 10 * Self.kills
            let process = try await sidecar.run()
            try await sidecar.awaitCommitted(produced, by: process)
            #expect(try await process.stop(within: Scale.shutdown) == .exited(0))
            try await sidecar.expectExactlyOnce(produced)
            #expect(!FileTree.exists(sidecar.folder["trustlog.db"]))
        }

        @Test("paused until others have its partitions, then woken, it publishes nothing a second time")
        func woken() async throws {
            let sidecar = try await Sidecar.make(settings: Self.settings)
            let stream = OperationStream(into: sidecar, seed: 12, chunk: 50)
            let first = try await sidecar.run()
            try await eventually("it works") { try await sidecar.committedEnvelopes() > 0 }
            first.process.pause()
            let second = try await sidecar.run()
            let before = try await sidecar.committedEnvelopes()
            try await eventually("the other takes over") {
                try await sidecar.committedEnvelopes() > before + 200
            }
            first.process.resume()
            try await eventually("the first takes part again") {
                let published = try? await first.metrics()["trustlog_rebalances_total"]
                return (published ?? 0) > 1
            }
            let produced = try await stream.stop()
            try await sidecar.awaitCommitted(produced, by: second)
            #expect(try await first.stop(within: Scale.shutdown) == .exited(0))
            #expect(try await second.stop(within: Scale.shutdown) == .exited(0))
            try await sidecar.expectExactlyOnce(produced)
        }

        @Test("poison is in the dead-letter topic exactly once, with its code, and operations beside it go through")
        func poison() async throws {
            let large = ["max.message.bytes": "4194304"]
            let sidecar = try await Sidecar.make(
                partitions: 1, inputConfigs: large, deadLetterConfigs: large, settings: Self.settings)
            let poison =
                Poison.all + [
                    Poison("2 MiB", [UInt8](repeating: UInt8(ascii: "x"), count: 2 << 20), code: "too-large")
                ]
            for (number, message) in poison.enumerated() {
                try await sidecar.kcat.produce(
                    sidecar.input, key: "key-\(number)", value: message.value, headers: message.headers)
                try await sidecar.kcat.produce(sidecar.input, lines: ["k\t" + Poison.operation("beside-\(number)")])
            }
            let process = try await sidecar.run()
            try await sidecar.awaitCommitted(poison.count, by: process)
            #expect(try await process.stop() == .exited(0))
            let second = try await sidecar.run()
            try await sidecar.kcat.produce(sidecar.input, lines: ["k\t" + Poison.operation("after")])
            try await sidecar.awaitCommitted(poison.count + 1, by: second)
            #expect(try await second.stop() == .exited(0))

            try await sidecar.expectExactlyOnce(poison.count + 1)
            let letters = try await sidecar.kcat.consume(sidecar.deadLetters, headers: true)
            #expect(letters.map(\.keyText) == poison.indices.map { "key-\($0)" })
            #expect(letters.map(\.value) == poison.map(\.value))
            #expect(letters.map { $0.header("trustlog-error-code") } == poison.map(\.code))
            #expect(letters.map { $0.header("trustlog-error-field") } == poison.map(\.field))
        }

        @Test("a record that the topic refuses for its size becomes a dead letter, its neighbours keep their order")
        func refusedRecord() async throws {
            let broker = try await KafkaBroker.shared()
            let sidecar = try await Sidecar.withoutTopics(
                bootstrap: broker.bootstrap, partitions: 1, settings: Self.settings)
            try await sidecar.topics.create(sidecar.input)
            try await sidecar.topics.create(sidecar.output, configs: ["max.message.bytes": "20000"])
            try await sidecar.createDeadLetterTopic()
            let large = "\"\(String(repeating: "x", count: 30_000))\""
            let lines = (0..<300).map { number in
                Poison.operation("op-\(number)", (number % 100 == 50 ? [("x", large)] : []) + [("doid", #""d""#)])
            }
            try await sidecar.kcat.produce(sidecar.input, lines: lines.map { "d\t" + $0 })
            let process = try await sidecar.run()
            try await sidecar.awaitCommitted(297, by: process)
            try await eventually("what was committed is counted") {
                let metrics = try await process.metrics()
                return metrics[#"trustlog_operations_dead_lettered_total{code="unpublishable"}"#] == 3
                    && metrics[#"trustlog_records_published_total{path="direct"}"#] == 297
            }
            #expect(try await sidecar.status(of: process)["circuitBreaker"]?["state"]?.stringValue == "closed")
            #expect(try await process.stop() == .exited(0))

            try await sidecar.expectExactlyOnce(297)
            let envelopes = try await sidecar.kcat.consume(sidecar.output, headers: true)
            let expected = (0..<300).filter { $0 % 100 != 50 }.map { "op-\($0)" }
            #expect(envelopes.map { $0.header("ce_id") } == expected)
            let letters = try await sidecar.kcat.consume(sidecar.deadLetters, headers: true)
            #expect(letters.map(\.text) == [lines[50], lines[150], lines[250]])
            #expect(letters.map { $0.header("trustlog-error-code") } == Array(repeating: "unpublishable", count: 3))
        }

        @Test("without a dead-letter topic the partition waits and status says why; the others go on")
        func missingDeadLetterTopic() async throws {
            let sidecar = try await Sidecar.make(partitions: 2, deadLetterConfigs: nil, settings: Self.settings)
            let process = try await sidecar.run()
            let operation = Array(Poison.operation("before").utf8)
            try await sidecar.kcat.produce(sidecar.input, key: "k", value: operation, partition: 0)
            try await sidecar.kcat.produce(sidecar.input, key: "k", value: Array("poison".utf8), partition: 0)
            try await eventually("status names the partition that waits, and why") {
                let waiting = try await sidecar.status(of: process)["waiting"]?.arrayValue ?? []
                return waiting.contains { entry in
                    entry["topic"]?.stringValue == sidecar.input && entry["partition"]?.integerValue == 0
                        && entry["reason"]?.stringValue?.contains(sidecar.deadLetters) == true
                }
            }
            for number in 0..<3 {
                let operation = Array(Poison.operation("elsewhere-\(number)").utf8)
                try await sidecar.kcat.produce(sidecar.input, key: "k", value: operation, partition: 1)
            }
            try await sidecar.kcat.produce(
                sidecar.input, key: "k", value: Array(Poison.operation("behind").utf8), partition: 0)
            try await sidecar.awaitCommitted(4, by: process)
            #expect(try await sidecar.topics.list().contains(sidecar.deadLetters) == false)

            try await sidecar.createDeadLetterTopic()
            try await sidecar.awaitCommitted(5, by: process)
            try await eventually("nothing waits any more") {
                try await sidecar.status(of: process)["waiting"]?.arrayValue?.isEmpty == true
            }
            #expect(try await process.stop() == .exited(0))
            #expect(try await sidecar.kcat.consume(sidecar.deadLetters).map(\.text) == ["poison"])
            try await sidecar.expectExactlyOnce(5)
        }

        @Test("away for a while, the broker loses nothing and repeats nothing, and status says what is waited for")
        func outage() async throws {
            let port = try FreePort.find(consecutive: 2)
            let broker = try await KafkaBroker.start(settings: ["auto.create.topics.enable": "false"], port: port)
            let sidecar = try await Sidecar.withoutTopics(bootstrap: broker.bootstrap, settings: Self.settings)
            try await sidecar.createTopics()
            let process = try await sidecar.run()
            var generator = OperationGenerator(seed: 13)
            try await sidecar.produce(generator.take(500))
            try await sidecar.awaitCommitted(500, by: process)
            try await broker.kill()
            try await Task.sleep(for: Scale.outage)
            #expect(process.process.isRunning)
            #expect(await HTTP.status(port: process.httpPort, path: "/livez") == 200)
            try await eventually("the metrics say that the broker is away") {
                try await process.metrics()[#"trustlog_component_up{component="broker"}"#] == 0
            }
            try await broker.resume()
            try await sidecar.produce(generator.take(500))
            try await sidecar.awaitCommitted(1_000, by: process)
            #expect(try await process.stop(within: Scale.shutdown) == .exited(0))
            try await sidecar.expectExactlyOnce(1_000)
            try await broker.destroy()
        }
    }
}
