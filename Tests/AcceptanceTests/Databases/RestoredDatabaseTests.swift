import Testing
import TrustlogTestKit

extension AcceptanceSuite {
    @Suite("Where consumption starts")
    struct StartPositions {
        @Test(
            "a database restored to an older state: at its own position, with a warning that names both; nothing is lost",
            arguments: DatabaseKind.available)
        func restored(on database: DatabaseKind) async throws {
            let behind = 1_000
            let sidecar = try await Sidecar.make(on: database, partitions: 1)
            var generator = OperationGenerator(seed: 31)
            try await sidecar.produce(generator.take(500))
            try await runUntilTrustlogged(500, sidecar)
            let backup = try await sidecar.database.backUp(to: sidecar.folder)
            try await sidecar.produce(generator.take(behind))
            try await runUntilTrustlogged(500 + behind, sidecar)
            try await sidecar.database.restore(backup)
            #expect(try await sidecar.trustlogged() == 500)
            // Kafka went on meanwhile.
            try await sidecar.produce(generator.take(200))

            let process = try await sidecar.run(log: "after")
            try await sidecar.awaitTrustlogged(1_700, by: process)
            #expect(try await process.stop() == .exited(0))
            let warnings = process.logText.split(separator: "\n").filter { $0.contains(#""level":"warning""#) }
            #expect(
                warnings.contains { $0.contains("1500") && $0.contains("500") && $0.contains(sidecar.input) },
                "\(process.logText.prefix(4_000))")
            let evidence = try await sidecar.evidence()
            #expect(evidence.faults == "")
            #expect(evidence.rows == 1_700)
            #expect(evidence.trustlogged == 1_700)
            #expect(evidence.distinctOpIds == 1_700)
            // What the restored database has forgotten, and no more; check_evidence.py compares the bytes.
            #expect(evidence.repeats == behind)
            // It is noticed once: what is committed now is the database's own.
            let again = try await sidecar.run(log: "again")
            try await sidecar.produce(generator.take(10))
            try await sidecar.awaitTrustlogged(1_710, by: again)
            #expect(try await again.metrics().sum("trustlog_operations_duplicate_total") == 0)
            #expect(try await again.stop() == .exited(0))
        }

        @Test(
            "an operator's reset of the group with Kafka's own tool is obeyed, backwards and forwards",
            arguments: DatabaseKind.some(.postgresql))
        func reset(on database: DatabaseKind) async throws {
            let broker = try await KafkaBroker.shared()
            let sidecar = try await Sidecar.make(on: database, partitions: 2)
            var generator = OperationGenerator(seed: 32)
            try await sidecar.produce(generator.take(300))
            try await runUntilTrustlogged(300, sidecar)

            func reset(_ to: String) async throws {
                try await broker.tool(
                    "groups",
                    ["--group", sidecar.input, "--topic", sidecar.input, "--reset-offsets", to, "--execute"])
            }
            try await reset("--to-earliest")
            try await sidecar.produce(generator.take(20))
            let second = try await sidecar.run()
            try await sidecar.awaitTrustlogged(320, by: second)
            try await eventually("everything is consumed again, as duplicates") {
                try await second.metrics().sum("trustlog_operations_duplicate_total") == 300
            }
            #expect(try await second.stop() == .exited(0))

            try await sidecar.produce(generator.take(50))
            try await reset("--to-latest")
            try await sidecar.produce(generator.take(10))
            try await runUntilTrustlogged(330, sidecar)
            #expect(try await sidecar.count(where: "true") == 330)
            let evidence = try await sidecar.evidence()
            #expect(evidence.faults == "")
            #expect(evidence.repeats == 0)
        }

        @Test("processes with a file each share one group, and none repeats what another did")
        func fileEach() async throws {
            let sidecar = try await Sidecar.make(
                settings: ["input.session-timeout": "15s", "shutdown.timeout": "30s"])
            let files = [sidecar.database, SQLiteDeployment(file: sidecar.folder["second.db"])]
            func launch(_ number: Int) throws -> TrustlogProcess {
                try sidecar.launch(["database.url": files[number].url], log: "log-\(number)")
            }
            let stream = OperationStream(into: sidecar, seed: 33, chunk: 200)
            let first = try launch(0)
            try await first.awaitStarted()
            let second = try launch(1)
            func rows(_ number: Int) async throws -> Set<String> {
                guard let found = try? await files[number].run("SELECT op_id FROM operation") else { return [] }
                return Set(found)
            }
            try await eventually("both have work") {
                let (mine, theirs) = (try await rows(0).count, try await rows(1).count)
                return mine > 500 && theirs > 500
            }
            // One leaves, its partitions go to the other, and come back.
            #expect(try await first.stop() == .exited(0))
            let before = try await rows(1).count
            try await eventually("the other one goes on") {
                try await rows(1).count > before + 500
            }
            let third = try launch(0)
            let left = try await rows(0).count
            try await eventually("the first one has work again") {
                try await rows(0).count > left + 100
            }
            let produced = try await stream.stop()
            try await eventually("everything is in one of the files") {
                try await rows(0).count + rows(1).count >= produced
            }
            try await eventually("everything is published") {
                try await sidecar.kcat.count(sidecar.output, partitions: sidecar.partitions) >= produced
            }
            #expect(try await third.stop() == .exited(0))
            #expect(try await second.stop() == .exited(0))
            let (mine, theirs) = (try await rows(0), try await rows(1))
            #expect(mine.isDisjoint(with: theirs), "\(mine.intersection(theirs).count) rows are in both")
            #expect(mine.count + theirs.count == produced)
            #expect(try await sidecar.kcat.count(sidecar.output, partitions: sidecar.partitions) == produced)
            try await sidecar.expectValidSignatures(distinct: produced)
        }

        private func runUntilTrustlogged(_ count: Int, _ sidecar: Sidecar) async throws {
            let process = try await sidecar.run()
            try await sidecar.awaitTrustlogged(count, by: process)
            #expect(try await process.stop() == .exited(0))
        }
    }
}
