import Testing
import TrustlogTestKit

extension AcceptanceSuite {
    @Suite("A rolling restart of three replicas", .requires(.postgreSQL))
    struct RollingRestart {
        @Test(
            "under load, by SIGTERM one after the other, with instance.id: no repeat, no gap, no partition idle for long"
        )
        func rolling() async throws {
            let server = try await PostgreSQLServer.start()
            let sidecar = try await Sidecar.make(
                partitions: 6,
                settings: [
                    "database.url": server.url, "cursor.count": "3", "input.session-timeout": "30s",
                    "cursor.interval": "1s", "shutdown.timeout": Scale.isFull ? "10s" : "30s",
                ])
            var replicas: [TrustlogProcess] = []
            for index in 0..<3 { replicas.append(try await launch(index, of: sidecar)) }
            let stream = OperationStream(into: sidecar, seed: 90)
            for replica in replicas {
                try await eventually("every replica persists") {
                    try await replica.metrics().sum("trustlog_operations_persisted_total") > 0
                }
            }
            let begin = try await server.psql("SELECT clock_timestamp()")

            for index in replicas.indices {
                #expect(try await replicas[index].stop(within: Scale.shutdown) == .exited(0))
                replicas[index] = try await launch(index, of: sidecar)
                // As Kubernetes goes on: when it is ready, and here also at work.
                let replica = replicas[index]
                try await eventually("the replica works again") {
                    try await replica.metrics().sum("trustlog_operations_persisted_total") > 0
                }
            }
            let end = try await server.psql("SELECT clock_timestamp()")
            let produced = try await stream.stop()
            try await eventually("every operation is TRUSTLOGGED") {
                let sql = "SELECT count(*) FROM operation WHERE trustlog_status = 'TRUSTLOGGED'"
                return try await server.psql(sql) == "\(produced)\n"
            }
            for replica in replicas { #expect(try await replica.stop() == .exited(0)) }

            // No gap, no repeat: as many envelopes as operations, each where its row says.
            #expect(try await server.psql("SELECT count(*) FROM operation") == "\(produced)\n")
            #expect(try await sidecar.kcat.count(sidecar.output, partitions: 6) == produced)
            let positions = "SELECT count(DISTINCT (trustlog_partition, trustlog_offset)) FROM operation"
            #expect(try await server.psql(positions) == "\(produced)\n")

            // Load came to every partition every tenth of a second, so what was persisted shows when one stood idle.
            let idle = try await server.psql(
                """
                SELECT source_partition, round(extract(epoch FROM max(pause)), 2)
                FROM (SELECT source_partition, recorded_at - lag(recorded_at) OVER (
                          PARTITION BY source_partition ORDER BY recorded_at) AS pause
                      FROM operation WHERE recorded_at BETWEEN '\(begin.dropLast())' AND '\(end.dropLast())') AS pauses
                GROUP BY 1 ORDER BY 1
                """)
            let pauses = idle.split(separator: "\n").compactMap { Double($0.split(separator: "|").last ?? "") }
            #expect(pauses.count == 6)
            print("The longest pause of each partition, in seconds: \(pauses)")
            // A duration depends on the machine: only `make test-faults` holds it against the bound.
            if Scale.isFull { #expect(pauses.allSatisfy { $0 <= 3 }, "longest pause by partition: \(idle)") }
        }

        private func launch(_ index: Int, of sidecar: Sidecar) async throws -> TrustlogProcess {
            try await sidecar.run(["instance.id": "trustlog-\(index)"])
        }
    }
}
