import CommandLineTool
import Testing
import TrustlogTestKit

extension AcceptanceSuite {
    @Suite("Replay")
    struct Replays {
        private static let count = Scale.isFull ? 100_000 : 4_000

        /// A deployment whose operations are all published.
        private func published(_ count: Int, lease: String = "3s") async throws -> (Sidecar, TrustlogProcess) {
            let sidecar = try await Sidecar.make(settings: ["cursor.lease": lease])
            var generator = OperationGenerator(seed: 11)
            try await sidecar.produce(generator.take(count))
            let process = try await sidecar.run()
            try await sidecar.awaitTrustlogged(count, by: process)
            return (sidecar, process)
        }

        private func values(_ sidecar: Sidecar, _ topic: String) async throws -> [[UInt8]] {
            try await sidecar.kcat.consume(topic).compactMap(\.value)
        }

        @Test("killed three times at random and started again: every record is published once more, byte for byte")
        func killed() async throws {
            let (sidecar, process) = try await published(Self.count)
            let copy = try await sidecar.makeTopic()
            let command = ["replay", "--from", "beginning", "--topic", copy, "--rate", "\(Self.count / 40)"]
            let plan = try await sidecar.command("replay", "--from", "beginning", "--topic", copy, "--dry-run")
            #expect(plan.code == 0)
            #expect(try plan.events("plan").first?["records"]?.integerValue == Self.count)
            #expect(plan.lines.count == 1)

            var random = SeededRandom(seed: 99)
            for kill in 0..<3 {
                let replay = try sidecar.launchCommand(command, output: "replay-\(kill)")
                try await eventually("it publishes") {
                    try FileTree.text(sidecar.folder["replay-\(kill)"]).contains("progress")
                }
                try await Task.sleep(for: .milliseconds(Int.random(in: 0...1_500, using: &random)))
                #expect(replay.isRunning)
                try await replay.killAndWait()
            }
            let cursor = try await sidecar.json("cursors", "show", "replay")
            #expect(cursor["kind"] == "replay")
            let position = try #require(cursor["sequence"]?.integerValue)
            #expect(position > 0 && position < Self.count)

            let rest = try await sidecar.command(
                "replay", "--from", "beginning", "--topic", copy, timeout: .seconds(240))
            #expect(rest.code == 0, "\(rest.errorText)")
            let resumed = try #require(try rest.events("plan").first)
            #expect(resumed["resumed"] == true && resumed["records"]?.integerValue == Self.count - position)
            #expect(try rest.events("done").first?["published"]?.integerValue == Self.count - position)

            let originals = try await values(sidecar, sidecar.output)
            let copies = try await values(sidecar, copy)
            #expect(originals.count == Self.count)
            #expect(Set(copies) == Set(originals), "\(copies.count) copies")
            #expect(try await sidecar.json("cursors", "list").arrayValue?.map { $0["key"] } == ["publish-0"])
            #expect(try await sidecar.trustlogged() == Self.count)
            #expect(try await process.stop() == .exited(0))
        }

        @Test("it begins at each kind of position, and the dry run's number is what is published")
        func positions() async throws {
            let (sidecar, process) = try await published(500)
            #expect(try await process.stop() == .exited(0))
            let row = try #require(try await sidecar.query("SELECT op_id FROM operation WHERE seq = 401").first)
            let time = try #require(try await sidecar.query("SELECT recorded_at FROM operation WHERE seq = 401").first)
            let since = try await sidecar.query("SELECT count(*) FROM operation WHERE recorded_at >= '\(time)'")
            #expect(try await sidecar.command("cursors", "set", "mark", "op:\(row)").code == 0)
            let starts = [
                ("beginning", 500), ("op:\(row)", 100), ("cursor:mark", 100), ("end", 1),
                ("time:\(time)", since.first.flatMap { Int($0) } ?? 0),
            ]
            let copy = try await sidecar.makeTopic()
            var copied = 0
            for (start, expected) in starts {
                let command = ["replay", "--from", start, "--topic", copy]
                let plan = try await sidecar.run(command + ["--dry-run"])
                #expect(try plan.events("plan").first?["records"]?.integerValue == expected, "\(start)")
                #expect(try await sidecar.kcat.count(copy, partitions: 4) == copied)
                let replay = try await sidecar.run(command)
                #expect(replay.code == 0, "\(start): \(replay.errorText)")
                copied += expected
                #expect(try await sidecar.kcat.count(copy, partitions: 4) == copied, "\(start)")
            }
            let range = try await sidecar.command(
                "replay", "--from", "op:\(row)", "--to", "op:\(row)", "--topic", copy)
            #expect(try range.events("done").first?["published"] == 1)
            #expect(try await sidecar.kcat.count(sidecar.output, partitions: 4) == 500)
        }

        @Test("SIGTERM: it says how to go on, another command is refused, and deleting the cursor frees the key")
        func interrupted() async throws {
            let (sidecar, process) = try await published(500, lease: "30s")
            #expect(try await process.stop() == .exited(0))
            let copy = try await sidecar.makeTopic()
            let slow = ["replay", "--from", "beginning", "--topic", copy, "--rate", "10"]
            let replay = try sidecar.launchCommand(slow, output: "replay")
            try await eventually { try FileTree.text(sidecar.folder["replay"]).contains("progress") }

            // Its lease is alive: nobody else works on it, and nobody takes it away.
            let second = try await sidecar.run(slow)
            #expect(second.code == 1 && second.errorText.contains("is in use by"), "\(second.errorText)")
            #expect(try await sidecar.command("cursors", "delete", "replay", "--yes").code == 1)

            replay.terminate()
            #expect(try await replay.wait(within: .seconds(60)) == .exited(1))
            let errors = try FileTree.text(sidecar.folder["errors"])
            #expect(errors.contains("stopped behind seq") && errors.contains("the same command goes on there"))

            let other = try await sidecar.command("replay", "--from", "end", "--topic", copy)
            #expect(other.code == 64 && other.errorText.contains("another replay is not finished"))
            let unconfirmed = try await sidecar.command("cursors", "delete", "replay")
            #expect(unconfirmed.code == 64 && unconfirmed.text.contains("would delete replay"))
            #expect(try await sidecar.command("cursors", "delete", "replay", "--yes").code == 0)
            #expect(try await sidecar.command("replay", "--from", "end", "--topic", copy).code == 0)
        }

        @Test("a broker that is killed in the middle is waited for, and nothing is left out")
        func brokerOutage() async throws {
            let port = try FreePort.find(consecutive: 2)
            let broker = try await KafkaBroker.start(settings: ["auto.create.topics.enable": "false"], port: port)
            let sidecar = try await Sidecar.withoutTopics(bootstrap: broker.bootstrap)
            try await sidecar.createTopics()
            var generator = OperationGenerator(seed: 12)
            try await sidecar.produce(generator.take(2_000))
            let process = try await sidecar.run()
            try await sidecar.awaitTrustlogged(2_000, by: process)
            #expect(try await process.stop() == .exited(0))
            let copy = try await sidecar.makeTopic()
            let replay = try sidecar.launchCommand(
                ["replay", "--from", "beginning", "--topic", copy, "--rate", "100"], output: "replay")
            try await eventually { try FileTree.text(sidecar.folder["replay"]).contains("progress") }
            try await broker.kill()
            try await Task.sleep(for: .seconds(7))
            #expect(replay.isRunning)
            try await broker.resume()
            #expect(try await replay.wait(within: .seconds(240)) == .exited(0))
            #expect(Set(try await values(sidecar, copy)) == Set(try await values(sidecar, sidecar.output)))
            try await broker.destroy()
        }
    }
}

extension Sidecar {
    fileprivate func makeTopic() async throws -> String {
        let name = KafkaBroker.uniqueName("copy")
        try await topics.create(name, partitions: 4)
        return name
    }

    fileprivate func run(_ words: [String]) async throws -> CommandResult {
        try await TrustlogBinary.run(words + options(), timeout: .seconds(120))
    }
}
