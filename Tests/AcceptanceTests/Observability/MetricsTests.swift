import CommandLineTool
import Testing
import TrustlogTestKit

extension AcceptanceSuite {
    @Suite("Metrics and status of a running process")
    struct Observability {
        /// Contract, section 9: every series of a fixed set of labels is there from the start.
        private static let fromTheStart = [
            "trustlog_operations_consumed_total", "trustlog_operations_persisted_total",
            "trustlog_operations_duplicate_total",
            "trustlog_operations_dead_lettered_total{code=\"too-large\"}",
            "trustlog_operations_dead_lettered_total{code=\"malformed\"}",
            "trustlog_operations_dead_lettered_total{code=\"invalid\"}",
            "trustlog_operations_dead_lettered_total{code=\"conflict\"}",
            "trustlog_operations_dead_lettered_total{code=\"unpersistable\"}",
            "trustlog_operations_dead_lettered_total{code=\"unpublishable\"}",
            "trustlog_records_published_total{path=\"cursor\"}", "trustlog_records_published_total{path=\"retry\"}",
            "trustlog_records_published_total{path=\"replay\"}", "trustlog_records_published_total{path=\"direct\"}",
            "trustlog_publish_failures_total{reason=\"too-large\"}",
            "trustlog_publish_failures_total{reason=\"refused\"}",
            "trustlog_publish_failures_total{reason=\"unreadable\"}",
            "trustlog_publish_failures_total{reason=\"outage\"}",
            "trustlog_circuit_open", "trustlog_unlogged_operations", "trustlog_oldest_unlogged_seconds",
            "trustlog_retry_queue_length", "trustlog_dead_letters", "trustlog_rebalances_total",
            "trustlog_offset_resets_total", "trustlog_end_to_end_seconds_count",
            "trustlog_component_up{component=\"broker\"}", "trustlog_component_up{component=\"database\"}",
            "trustlog_component_up{component=\"ingest\"}", "trustlog_component_up{component=\"cursor-worker\"}",
            "trustlog_component_up{component=\"retry-worker\"}", "trustlog_build_info",
            "process_resident_memory_bytes", "process_cpu_seconds_total", "process_start_time_seconds",
        ]

        @Test(
            "promtool finds nothing to complain of in the metrics, and every series is there from the start",
            .requires(.promtool))
        func metrics() async throws {
            let sidecar = try await Sidecar.make()
            let process = try await sidecar.run()
            let first = try await HTTP.request(port: process.httpPort, path: "/metrics").text
            for series in Self.fromTheStart {
                #expect(first.contains("\n" + series), "\(series)")
            }

            var generator = OperationGenerator(seed: 3, objects: 5, name: "metrics")
            try await sidecar.produce(generator.take(100))
            try await sidecar.kcat.produce(sidecar.input, key: "k", value: Array("poison".utf8), partition: 0)
            try await sidecar.awaitTrustlogged(100, by: process)
            try await eventually("what happened is counted") {
                let samples = try await process.metrics()
                return samples["trustlog_operations_consumed_total"] == 101
                    && samples["trustlog_operations_dead_lettered_total{code=\"malformed\"}"] == 1
                    && samples["trustlog_records_published_total{path=\"cursor\"}"] == 100
            }
            let later = try await HTTP.request(port: process.httpPort, path: "/metrics").text
            for text in [first, later] {
                let checked = try await Command.run(["promtool", "check", "metrics"], input: Array(text.utf8))
                #expect(checked.status == .exited(0), "\(checked.errorText)\(checked.text)")
                #expect(checked.text + checked.errorText == "")
            }
            #expect(try await process.stop() == .exited(0))
        }

        @Test("status says in words that everything is preserved, with the process and without it")
        func status() async throws {
            let sidecar = try await Sidecar.make()
            let process = try await sidecar.run()
            var generator = OperationGenerator(seed: 4, objects: 5, name: "status")
            try await sidecar.produce(generator.take(20))
            try await sidecar.awaitTrustlogged(20, by: process)
            try await eventually("the closing line says that all is well") {
                let status = try await sidecar.status(of: process)
                return status["summary"]?.stringValue?.hasPrefix("Everything is preserved up to") == true
                    && status["persisted"]?.integerValue == 20 && status["running"] == true
                    && status["consumer"]?.arrayValue?.count == 4
            }
            #expect(try await process.stop() == .exited(0))

            let offline = try await Command.run(
                [TrustlogBinary.path, "status", "-o", "json"] + sidecar.options(["admin.listen": "off"]))
            #expect(offline.status == .exited(0), "\(offline.errorText)")
            let status = try JSONValue(json: offline.text)
            #expect(status["running"] == false)
            #expect(status["persisted"]?.integerValue == 20)
            #expect(status["unlogged"]?["count"]?.integerValue == 0)
            #expect(status["consumer"]?.arrayValue?.allSatisfy { $0["lag"]?.integerValue == 0 } == true)
        }
    }
}
