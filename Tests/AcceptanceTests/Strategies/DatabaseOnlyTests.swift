import CommandLineTool
import Testing
import TrustlogTestKit

extension AcceptanceSuite {
    @Suite("db-only, and a change of strategy")
    struct DatabaseOnly {
        @Test("nothing reaches the trustlog topic; after a change only what is new is published, what is old stays")
        func change() async throws {
            let sidecar = try await Sidecar.make()
            var generator = OperationGenerator(seed: 21)
            let first = try await sidecar.run(["strategy": "db-only"])
            try await sidecar.produce(generator.take(300))
            try await sidecar.kcat.produce(sidecar.input, key: "k", value: Array("poison".utf8))
            try await eventually("everything is persisted") {
                try await sidecar.count(where: "trustlog_status = 'NOT_REQUIRED'") == 300
            }
            try await eventually("the dead letter is there") {
                try await sidecar.kcat.count(sidecar.deadLetters, partitions: 1) == 1
            }
            // An application's own row waits, and is counted.
            _ = try await sidecar.query(
                """
                INSERT INTO operation (op_id, op_timestamp, op_source, op_type, do_prefix, do_repository, doid, \
                producer_id, op_actor) VALUES ('own', '2026-03-01T12:00:00.000000Z', 'IRP', 'OC_REGISTER', '86.1000', \
                '86.1000/r', '86.1000/own', 'p', 'a')
                """)
            try await eventually("status counts what waits") {
                let status = try await sidecar.status(of: first)
                return status["unlogged"]?["count"]?.integerValue == 1 && status["persisted"]?.integerValue == 301
                    && status["summary"]?.stringValue?.contains("db-only") == true
            }
            #expect(try await first.stop() == .exited(0))
            #expect(try await sidecar.kcat.count(sidecar.output, partitions: sidecar.partitions) == 0)

            let second = try await sidecar.run()
            try await sidecar.produce(generator.take(200))
            try await sidecar.awaitTrustlogged(201, by: second)
            #expect(try await second.stop() == .exited(0))
            #expect(try await sidecar.count(where: "trustlog_status = 'NOT_REQUIRED'") == 300)
            let evidence = try await sidecar.evidence()
            #expect(evidence.faults == "")
            #expect(evidence.envelopes == 201)
            #expect(evidence.rows == 501)
        }
    }
}
