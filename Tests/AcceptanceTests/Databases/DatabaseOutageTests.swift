import CommandLineTool
import Testing
import TrustlogTestKit

extension AcceptanceSuite {
    @Suite("A database that is away", .requires(.toxiproxy))
    struct DatabaseOutages {
        @Test(
            "stopped and started again: the process waits, says so, stays in its group, and goes on by itself",
            arguments: DatabaseKind.some(.postgresql).filter { $0 != .sqlite })
        func stopped(kind: DatabaseKind) async throws {
            let database = try await kind.makeStoppable()
            let sidecar = try await Sidecar.make(
                database: database, settings: ["cursor.interval": "1s", "input.session-timeout": "30s"])
            let process = try await sidecar.run()
            let stream = OperationStream(into: sidecar, seed: 41, chunk: 200)
            try await eventually("work goes on") { try await sidecar.trustlogged() > 1_000 }
            let rebalances = try await process.metrics().sum("trustlog_rebalances_total")

            try await database.stop()
            try await eventually("the metrics say that the database is away") {
                try await process.metrics()[#"trustlog_component_up{component="database"}"#] == 0
            }
            try await Task.sleep(for: Scale.databaseOutage)
            #expect(await HTTP.status(port: process.httpPort, path: "/livez") == 200)
            #expect(await HTTP.status(port: process.httpPort, path: "/readyz") == 200)
            #expect(try await sidecar.status(of: process)["lastError"]?["message"]?.stringValue != nil)
            try await database.startAgain()

            let produced = try await stream.stop()
            try await sidecar.awaitTrustlogged(produced, by: process)
            #expect(try await process.metrics().sum("trustlog_rebalances_total") == rebalances)
            try await eventually("the metrics say that it is back") {
                try await process.metrics()[#"trustlog_component_up{component="database"}"#] == 1
            }
            try await expectAllIsThere(produced, in: sidecar, process)
        }

        @Test(
            "cut in the middle of whatever it says: nothing is lost, nothing is wrong, nobody has to help",
            arguments: DatabaseKind.some(.mariadb).filter { $0 != .sqlite })
        func cut(kind: DatabaseKind) async throws {
            let database = try await kind.makeStoppable()
            let toxiproxy = try await Toxiproxy.start()
            let proxy = try await toxiproxy.proxy(to: database.port)
            let sidecar = try await Sidecar.make(
                database: database,
                settings: [
                    "database.url": database.url(port: proxy.port), "cursor.interval": "1s", "retry.interval": "1s",
                    "retry.batch-size": "5", "cursor.lease": "3s", "input.session-timeout": "30s",
                ])
            let process = try await sidecar.run()
            let stream = OperationStream(into: sidecar, seed: 42, chunk: 200)
            try await eventually("work goes on") { try await sidecar.trustlogged() > 500 }
            let retried = try await Self.makeRetries(200, in: sidecar)
            let rebalances = try await process.metrics().sum("trustlog_rebalances_total")

            var random = SeededRandom(seed: 43)
            for _ in 0..<Scale.cuts {
                switch Int.random(in: 0..<4, using: &random) {
                case 0:
                    // Every connection, and none for a while.
                    try await proxy.disable()
                    try await Task.sleep(for: .milliseconds(Int.random(in: 50...500, using: &random)))
                    try await proxy.enable()
                case 1:
                    // After so many bytes: in the middle of a statement, or of its answer.
                    let isStatement = Bool.random(using: &random)
                    let bytes = Int.random(in: 0...200_000, using: &random)
                    try await proxy.add(toxic: "limit_data", upstream: isStatement, attributes: ["bytes": bytes])
                    try await Task.sleep(for: .milliseconds(400))
                    try await proxy.remove(toxic: "limit_data", upstream: isStatement)
                case 2:
                    // A statement that is carried out, and whose answer never comes.
                    try await proxy.add(toxic: "timeout", attributes: ["timeout": 300])
                    try await Task.sleep(for: .milliseconds(400))
                    try await proxy.remove(toxic: "timeout")
                default:
                    try await proxy.add(toxic: "reset_peer", upstream: true, attributes: ["timeout": 100])
                    try await Task.sleep(for: .milliseconds(300))
                    try await proxy.remove(toxic: "reset_peer", upstream: true)
                }
                // Long enough for new connections to get to work before the next cut.
                try await Task.sleep(for: .milliseconds(Int.random(in: 100...1_500, using: &random)))
                #expect(process.process.isRunning, "it ended: \(process.logText.suffix(2_000))")
            }
            let produced = try await stream.stop()
            try await sidecar.awaitTrustlogged(produced + retried, by: process)
            #expect(try await process.metrics().sum("trustlog_rebalances_total") == rebalances)
            // A try whose claim was lost with its connection sets the status; the next one finds that there is nothing to do.
            try await eventually("no retry is left") {
                try await sidecar.query("SELECT count(*) FROM trustlog_retry") == ["0"]
            }
            try await expectAllIsThere(produced + retried, in: sidecar, process)
        }

        @Test(
            "silent in the middle of its answers: SIGTERM ends the process in time, with exit code 0, and nothing is lost",
            arguments: DatabaseKind.available)
        func silent(kind: DatabaseKind) async throws {
            let settings = ["cursor.lease": "3s", "input.session-timeout": "6s", "shutdown.timeout": "4s"]
            guard kind != .sqlite else {
                // What comes nearest: somebody else keeps the write lock.
                let sidecar = try await Sidecar.make(settings: settings)
                let file = sidecar.folder["trustlog.db"]
                return try await endWhileSilent(sidecar) {
                    let holder = try ChildProcess([
                        "sh", "-c", "(echo '.timeout 20000'; echo 'BEGIN IMMEDIATE;'; sleep 600) | exec sqlite3 \"$1\"",
                        "sh", file,
                    ])
                    return { try await holder.killAndWait() }
                }
            }
            let database = try await kind.makeStoppable()
            let toxiproxy = try await Toxiproxy.start()
            let proxy = try await toxiproxy.proxy(to: database.port)
            let sidecar = try await Sidecar.make(
                database: database,
                settings: settings.merging(["database.url": database.url(port: proxy.port)]) { $1 })
            try await endWhileSilent(sidecar) {
                for isUpstream in [true, false] {
                    try await proxy.add(toxic: "timeout", upstream: isUpstream, attributes: ["timeout": 0])
                }
                return {
                    for isUpstream in [true, false] { try await proxy.remove(toxic: "timeout", upstream: isUpstream) }
                }
            }
        }

        /// - Parameter silence: makes the database silent, and returns what ends that.
        private func endWhileSilent(
            _ sidecar: Sidecar, _ silence: () async throws -> () async throws -> Void
        ) async throws {
            let process = try await sidecar.run()
            let stream = OperationStream(into: sidecar, seed: 44, chunk: 200)
            try await eventually("work goes on") { try await sidecar.trustlogged() > 500 }
            let end = try await silence()
            // Time for every thread to have something in hand.
            try await Task.sleep(for: .seconds(1))
            #expect(try await process.stop(within: Scale.bound(6)) == .exited(0))
            try await end()
            let produced = try await stream.stop()
            let second = try await sidecar.run()
            try await sidecar.awaitTrustlogged(produced, by: second)
            try await expectAllIsThere(produced, in: sidecar, second)
        }

        private func expectAllIsThere(_ count: Int, in sidecar: Sidecar, _ process: TrustlogProcess) async throws {
            #expect(await HTTP.status(port: process.httpPort, path: "/livez") == 200)
            #expect(try await process.stop() == .exited(0))
            let evidence = try await sidecar.evidence()
            #expect(evidence.faults == "")
            #expect(evidence.rows == count)
            #expect(evidence.trustlogged == count)
            #expect(evidence.distinctOpIds == count)
            #expect(try await sidecar.kcat.count(sidecar.deadLetters, partitions: 1) == 0)
        }

        /// Rows that failed once and are due, so that the retry worker's statements are under way as well.
        private static func makeRetries(_ count: Int, in sidecar: Sidecar) async throws -> Int {
            let rows = (0..<count).map { number in
                """
                ('failed-\(number)', '2026-03-01 12:00:00.000000', 'IRP', 'OC_UPDATE', '86.1000', '86.1000/r',
                '86.1000/failed-\(number)', 'p', 'a', 'FAILED')
                """
            }
            let due = (0..<count).map { "('failed-\($0)', 'PENDING', '2026-03-01 12:00:00.000000')" }
            _ = try await sidecar.database.run(
                """
                INSERT INTO operation (op_id, op_timestamp, op_source, op_type, do_prefix, do_repository, doid,
                    producer_id, op_actor, trustlog_status) VALUES \(rows.joined(separator: ", "));
                INSERT INTO trustlog_retry (op_id, retry_status, next_retry_at) VALUES \(due.joined(separator: ", "));
                """)
            return count
        }
    }
}
