import CommandLineTool
import Testing
import TrustlogTestKit

extension AcceptanceSuite {
    @Suite("What could not be published")
    struct Retries {
        /// Where the table is. A server is started by the test that wants it.
        enum Database: String, Sendable, CustomTestStringConvertible {
            case sqlite, postgreSQL, mariaDB

            static let available: [Database] =
                [.sqlite] + (Requirement.postgreSQL.missing() == nil ? [.postgreSQL] : [])
                + (Requirement.mariaDB.missing() == nil ? [.mariaDB] : [])

            var testDescription: String { rawValue }
        }

        /// Calls `body` with the `database.url` of an empty database; `nil`: the fixture's SQLite file.
        private func with(_ database: Database, _ body: (String?) async throws -> Void) async throws {
            switch database {
            case .sqlite: try await body(nil)
            case .postgreSQL:
                let server = try await PostgreSQLServer.start()
                try await body(server.url)
                try await server.stop()
            case .mariaDB:
                let server = try await MariaDBServer.start()
                try await body(server.url)
                try await server.stop()
            }
        }

        @Test(
            "a record too large for the topic: FAILED, retries, DEAD_LETTER; requeued under a higher limit, published",
            arguments: Database.available)
        func wholeWay(database: Database) async throws {
            try await with(database) { url in
                let broker = try await KafkaBroker.shared()
                var settings = [
                    "retry.interval": "1s", "retry.initial-backoff": "1s", "retry.multiplier": "1",
                    "retry.max-count": "2",
                ]
                settings["database.url"] = url
                let sidecar = try await Sidecar.withoutTopics(bootstrap: broker.bootstrap, settings: settings)
                try await sidecar.topics.create(sidecar.input, partitions: 1)
                try await sidecar.topics.create(sidecar.output, configs: ["max.message.bytes": "20000"])
                try await sidecar.createDeadLetterTopic()
                var generator = OperationGenerator(seed: 13)
                try await sidecar.produce(generator.take(50))
                for name in ["large-1", "large-2"] {
                    try await sidecar.kcat.produce(sidecar.input, key: name, value: Array(large(name).utf8))
                }
                try await sidecar.produce(generator.take(50))
                let process = try await sidecar.run()
                try await eventually("two dead letters") {
                    // Until the service has made its schema there is no list.
                    let listed = try await sidecar.command("retries", "list", "--dead", "-o", "jsonl")
                    return listed.code == 0 && listed.lines.count == 2
                }
                #expect(try await sidecar.kcat.count(sidecar.output, partitions: 1) == 100)
                try await expectDeadLetters(sidecar, process)

                try await broker.tool(
                    "configs",
                    [
                        "--alter", "--entity-type", "topics", "--entity-name", sidecar.output, "--add-config",
                        "max.message.bytes=1000000",
                    ])
                let requeued = try await sidecar.command("retries", "requeue", "--dead", "--error", "too-large")
                #expect(requeued.code == 0 && requeued.text.hasPrefix("requeued 2: "), "\(requeued.text)")
                try await eventually("both are published") {
                    try await sidecar.kcat.count(sidecar.output, partitions: 1) == 102
                }
                try await eventually("no retry is left") {
                    try await sidecar.json("retries", "list").arrayValue?.isEmpty == true
                }
                try await expectReplay(sidecar)
                #expect(try await process.stop() == .exited(0))
                let audit = try await sidecar.command("audit", "-o", "json")
                #expect(audit.code == 0, "\(audit.text)\(audit.errorText)")
                #expect(try JSONValue(json: audit.text)["confirmed"] == 102)
            }
        }

        /// Killed and started again, beside the running service; the statements are each database's own.
        private func expectReplay(_ sidecar: Sidecar) async throws {
            let copy = try await KafkaBroker.shared().createTopic()
            #expect(try await sidecar.command("cursors", "set", "mark", "op:large-1").code == 0)
            let replay = try sidecar.launchCommand(
                ["replay", "--from", "beginning", "--topic", copy, "--rate", "10"], output: "replay")
            try await eventually { try FileTree.text(sidecar.folder["replay"]).contains("progress") }
            try await replay.killAndWait()
            let shown = try await sidecar.json("cursors", "show", "replay")
            #expect(shown["kind"] == "replay" && shown["time"]?.stringValue != nil)
            let rest = try await sidecar.command("replay", "--from", "beginning", "--topic", copy)
            #expect(rest.code == 0, "\(rest.errorText)")
            #expect(try rest.events("plan").first?["resumed"] == true)
            let copies = try await sidecar.kcat.consume(copy).compactMap(\.value)
            #expect(copies.count >= 102 && Set(copies).count == 102)
            let marked = try await sidecar.command("replay", "--from", "cursor:mark", "--to", "op:large-1", "--dry-run")
            #expect(try marked.events("plan").first?["records"] == 1)
            let cursors = try await sidecar.json("cursors", "list").arrayValue ?? []
            #expect(cursors.map { $0["key"] } == ["mark", "publish-0"])
            #expect(try await sidecar.command("cursors", "delete", "mark", "--yes").code == 0)
        }

        private func large(_ name: String) -> String {
            var random = SeededRandom(seed: 1)
            let filler = (0..<2_000).map { _ in String(random.next(), radix: 16) }.joined()
            return Poison.operation(name, [("filler", "\"\(filler)\"")])
        }

        private func expectDeadLetters(_ sidecar: Sidecar, _ process: TrustlogProcess) async throws {
            let rows = try await sidecar.json("retries", "list").arrayValue ?? []
            #expect(rows.map { $0["status"] } == ["DEAD_LETTER", "DEAD_LETTER"])
            #expect(rows.map { $0["retryCount"] } == [2, 2])
            #expect(rows.map { $0["nextRetryAt"] } == [.null, .null])
            #expect(rows.allSatisfy { $0["lastError"]?.stringValue?.hasPrefix("too-large: ") == true })
            let shown = try await sidecar.json("retries", "show", "large-1")
            #expect(shown["operation"]?["opId"] == "large-1" && shown["operation"]?["doid"] == "86.1000/large-1")
            let table = try await sidecar.command("retries", "list")
            #expect(table.text.hasPrefix("0 pending, 2 dead letters\n"), "\(table.text)")
            try await eventually("status counts both, and says so in words") {
                let status = try await sidecar.status(of: process)
                return status["deadLetters"]?["count"] == 2
                    && status["summary"]?.stringValue?.hasPrefix("2 operations could not be published") == true
            }

            let discard = try await sidecar.command("retries", "discard", "large-1")
            #expect(discard.code == 64 && discard.text.contains("would discard 1"))
            #expect(try await sidecar.command("retries", "requeue").code == 64)
            #expect(try await sidecar.command("retries", "requeue", "nobody").code == 1)
            #expect(try await sidecar.json("retries", "list").arrayValue?.count == 2)
        }
    }
}
