import CommandLineTool
import Testing
import TrustlogTestKit

extension AcceptanceSuite {
    /// The procedure of docs/deployment.md, by its own commands.
    @Suite("A database restored from a backup", .requires(.postgreSQL))
    struct Restore {
        private static let sinceBackup = 1_000

        @Test("1,000 operations old, Kafka going on: nothing is lost, what is repeated is bounded and the same bytes")
        func restored() async throws {
            let server = try await PostgreSQLServer.start()
            let sidecar = try await Sidecar.make(settings: ["database.url": server.url])
            var generator = OperationGenerator(seed: 91, name: "restore")
            var process = try await sidecar.run()
            try await sidecar.produce(generator.take(500))
            try await awaitTrustlogged(500, in: server)
            let folder = try TemporaryFolder("tlb")
            try await documented("backup: postgresql", on: server, in: folder)

            try await sidecar.produce(generator.take(Self.sinceBackup))
            try await awaitTrustlogged(500 + Self.sinceBackup, in: server)
            #expect(try await process.stop() == .exited(0))
            let before = try await sidecar.kcat.consume(sidecar.output)
            #expect(before.count == 500 + Self.sinceBackup)

            // Kafka goes on: more arrives while the database is away.
            let stream = OperationStream(into: sidecar, seed: 92)
            try await documented("restore: postgresql", on: server, in: folder)
            #expect(try await server.psql("SELECT count(*) FROM operation") == "500\n")
            process = try await sidecar.run()
            try await eventually("what the backup lacks is there again") {
                (try await count("true", in: server)) >= 500 + Self.sinceBackup
            }
            let produced = try await 500 + Self.sinceBackup + stream.stop()
            try await awaitTrustlogged(produced, in: server)
            #expect(try await process.stop() == .exited(0))
            #expect(process.logText.contains("restored"), "no warning tells of it: \(process.logText.prefix(3_000))")

            // Nothing is lost: every operation stands in the table and on the topic.
            #expect(try await count("true", in: server) == produced)
            let messages = try await sidecar.kcat.consume(sidecar.output, headers: true)
            var firsts: [String: [UInt8]] = [:]
            var repeats = 0
            for message in messages {
                let opId = try #require(message.header("ce_id"))
                if let first = firsts[opId] {
                    repeats += 1
                    #expect(message.value == first, "\(opId) is repeated with other bytes")
                } else {
                    firsts[opId] = message.value
                }
            }
            #expect(firsts.count == produced)
            let audit = try await TrustlogBinary.run(["audit"] + sidecar.options())
            #expect(audit.code == 0, "\(audit.text)\(audit.errorText)")
            #expect(repeats == Self.sinceBackup)
        }

        @Test("what the input topic no longer has is counted in a warning, and the rest goes on")
        func expired() async throws {
            let server = try await PostgreSQLServer.start()
            let sidecar = try await Sidecar.make(partitions: 1, settings: ["database.url": server.url])
            var generator = OperationGenerator(seed: 93, name: "expired")
            var process = try await sidecar.run()
            try await sidecar.produce(generator.take(100))
            try await awaitTrustlogged(100, in: server)
            let folder = try TemporaryFolder("tlb")
            try await documented("backup: postgresql", on: server, in: folder)
            try await sidecar.produce(generator.take(300))
            try await awaitTrustlogged(400, in: server)
            #expect(try await process.stop() == .exited(0))
            try await documented("restore: postgresql", on: server, in: folder)

            // The topic keeps the last hundred of the three hundred only.
            let request = """
                {"version":1,"partitions":[{"topic":"\(sidecar.input)","partition":0,"offset":300}]}
                """
            try FileTree.write(request, to: folder["records.json"])
            try await KafkaBroker.shared().tool("delete-records", ["--offset-json-file", folder["records.json"]])
            process = try await sidecar.run()
            try await awaitTrustlogged(200, in: server)
            #expect(try await process.metrics()["trustlog_offset_resets_total"] == 1)
            #expect(try await process.stop() == .exited(0))
            let warnings = process.logText.split(separator: "\n").filter { $0.contains("\"warning\"") }
            #expect(warnings.contains { $0.contains("200") }, "no warning counts them: \(warnings)")
        }

        /// Runs a command block of the document against this server, in a folder.
        private func documented(_ marker: String, on server: PostgreSQLServer, in folder: TemporaryFolder) async throws
        {
            let script = try Documented.block(marker)
            try await Command.check(
                ["sh", "-eu", "-c", "cd '\(folder.path)'\n\(script)"],
                environment: ["PGHOST": "127.0.0.1", "PGPORT": "\(server.port)", "PGUSER": server.user],
                timeout: .seconds(60))
        }

        private func count(_ condition: String, in server: PostgreSQLServer) async throws -> Int {
            let text = try await server.psql("SELECT count(*) FROM operation WHERE \(condition)")
            return Int(text.dropLast()) ?? -1
        }

        private func awaitTrustlogged(_ expected: Int, in server: PostgreSQLServer) async throws {
            try await eventually("\(expected) operations are TRUSTLOGGED") {
                (try? await count("trustlog_status = 'TRUSTLOGGED'", in: server)) ?? 0 >= expected
            }
        }
    }
}
