import CommandLineTool
import Testing
import TrustlogTestKit

extension AcceptanceSuite {
    @Suite("A trustlog topic that is away")
    struct OutputTopicAway {
        enum Fault: String, CaseIterable, Sendable {
            case topicDeleted, brokerAway
        }

        @Test(
            "with 1,000 operations pending and 100 due for a retry, nothing is counted, and all are published afterwards",
            arguments: Fault.allCases)
        func away(fault: Fault) async throws {
            let port = try FreePort.find(consecutive: 2)
            let broker = try await KafkaBroker.start(settings: ["auto.create.topics.enable": "false"], port: port)
            let sidecar = try await Sidecar.withoutTopics(
                bootstrap: broker.bootstrap, partitions: 1, settings: ["retry.interval": "1s"])
            try await sidecar.createTopics()
            let process = try await sidecar.run()
            var generator = OperationGenerator(seed: 51)
            try await sidecar.produce(generator.take(10))
            try await sidecar.awaitTrustlogged(10, by: process)

            switch fault {
            case .topicDeleted: try await broker.tool("topics", ["--delete", "--topic", sidecar.output])
            case .brokerAway: try await broker.kill()
            }
            try await insert(1_100, into: sidecar)
            try await eventually("status says what is waited for") {
                let breaker = try await sidecar.status(of: process)["circuitBreaker"]
                return breaker?["state"]?.stringValue != "closed" && breaker?["reason"]?.stringValue?.isEmpty == false
            }
            try await Task.sleep(for: Scale.outage)
            #expect(await HTTP.status(port: process.httpPort, path: "/livez") == 200)
            #expect(
                try await sidecar.query("SELECT count(*), min(retry_count), max(retry_count) FROM trustlog_retry") == [
                    "100|2|2"
                ])
            #expect(try await sidecar.count(where: "trustlog_status = 'NOT_TRUSTLOGGED'") == 1_000)

            switch fault {
            case .topicDeleted: try await sidecar.topics.create(sidecar.output, partitions: 1)
            case .brokerAway: try await broker.resume()
            }
            try await sidecar.awaitTrustlogged(1_110, by: process)
            #expect(try await sidecar.query("SELECT count(*) FROM trustlog_retry") == ["0"])
            #expect(try await process.stop(within: Scale.shutdown) == .exited(0))
            try await broker.destroy()
        }

        /// As an application does; every eleventh has failed twice and is due.
        private func insert(_ count: Int, into sidecar: Sidecar) async throws {
            _ = try await sidecar.query(
                """
                BEGIN IMMEDIATE;
                WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < \(count))
                INSERT INTO operation (op_id, op_timestamp, op_source, op_type, do_prefix, do_repository, doid,
                    producer_id, op_actor, trustlog_status)
                SELECT 'own-' || i, '2026-03-01T12:00:00.000000Z', 'IRP', 'OC_REGISTER', '86.1000', '86.1000/r',
                    '86.1000/' || i, 'p', 'a', CASE WHEN i % 11 = 0 THEN 'FAILED' ELSE 'NOT_TRUSTLOGGED' END FROM n;
                INSERT INTO trustlog_retry (op_id, retry_status, retry_count, next_retry_at, last_error)
                SELECT op_id, 'PENDING', 2, '2026-03-01T12:00:00.000000Z', 'too-large: tried' FROM operation
                WHERE trustlog_status = 'FAILED';
                COMMIT;
                """)
        }
    }
}
