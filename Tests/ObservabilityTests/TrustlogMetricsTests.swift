import Observability
import Testing

@Suite("The metrics of the contract")
struct TrustlogMetricsTests {
    private func exposition() -> String {
        let metrics = TrustlogMetrics(version: "1.2.3")
        ProcessMetrics.register(in: metrics.registry)
        return metrics.registry.prometheusText()
    }

    @Test("every series of a fixed set of labels is there with 0 from the start")
    func seriesFromTheStart() {
        let lines = Set(exposition().split(separator: "\n").map(String.init))
        let names = [
            "trustlog_operations_consumed_total", "trustlog_operations_persisted_total",
            "trustlog_operations_duplicate_total", "trustlog_circuit_open", "trustlog_unlogged_operations",
            "trustlog_oldest_unlogged_seconds", "trustlog_retry_queue_length", "trustlog_dead_letters",
            "trustlog_rebalances_total", "trustlog_offset_resets_total", "trustlog_end_to_end_seconds_count",
        ]
        let labelled: [(String, String, [String])] = [
            (
                "trustlog_operations_dead_lettered_total", "code",
                ["too-large", "malformed", "invalid", "conflict", "unpersistable", "unpublishable"]
            ),
            ("trustlog_records_published_total", "path", ["cursor", "retry", "replay", "direct"]),
            ("trustlog_publish_failures_total", "reason", ["too-large", "refused", "unreadable", "outage"]),
            ("trustlog_stage_seconds_count", "stage", ["decode", "persist", "sign", "produce", "record"]),
            (
                "trustlog_component_up", "component",
                ["broker", "database", "ingest", "cursor-worker", "retry-worker"]
            ),
        ]
        for name in names { #expect(lines.contains("\(name) 0")) }
        for (name, label, values) in labelled {
            for value in values { #expect(lines.contains("\(name){\(label)=\"\(value)\"} 0")) }
        }
        #expect(lines.contains(#"trustlog_build_info{version="1.2.3"} 1"#))
    }

    @Test("series of partitions and cursors appear with their first value and go when removed")
    func dynamicSeries() {
        let metrics = TrustlogMetrics(version: "1")
        metrics.consumerLag(topic: "operations", partition: 2).record(7)
        metrics.cursorLag("publish-0").record(1.5)
        #expect(
            metrics.registry.prometheusText().contains(#"trustlog_consumer_lag{topic="operations",partition="2"} 7"#))
        #expect(metrics.registry.prometheusText().contains(#"trustlog_cursor_lag_seconds{cursor="publish-0"} 1.5"#))
        metrics.removeConsumerLag(topic: "operations", partition: 2)
        metrics.removeCursorLag("publish-0")
        #expect(!metrics.registry.prometheusText().contains("trustlog_consumer_lag"))
        #expect(!metrics.registry.prometheusText().contains("trustlog_cursor_lag"))
    }

    @Test("the text keeps the rules that promtool checks")
    func format() throws {
        let metrics = TrustlogMetrics(version: "1\"\\\n")
        ProcessMetrics.register(in: metrics.registry)
        metrics.consumerLag(topic: "operations", partition: 0).record(1)
        metrics.stageSeconds[.sign].observe(0.2)
        try ExpositionFormat.check(metrics.registry.prometheusText())
    }

    @Test(
        "the check itself finds what is wrong",
        arguments: ["a 1", "# TYPE a counter\na 1", "# HELP a h\n# TYPE a gauge\na x"])
    func checkFinds(text: String) {
        #expect(throws: ExpositionFormat.Violation.self) { try ExpositionFormat.check(text + "\n") }
    }
}

/// The rules of Prometheus' text format and of `promtool check metrics` that Trustlog could break.
enum ExpositionFormat {
    struct Violation: Error, CustomStringConvertible {
        var description: String
    }

    static func check(_ text: String) throws {
        guard text.hasSuffix("\n") else { throw Violation(description: "the last line does not end") }
        var kinds: [String: String] = [:]
        var helped: Set<String> = []
        var seen: Set<String> = []
        var current = ""
        for line in text.dropLast().split(separator: "\n", omittingEmptySubsequences: false) {
            let words = line.split(separator: " ", maxSplits: 3).map(String.init)
            if line.hasPrefix("# HELP ") {
                current = words[2]
                guard words.count == 4, helped.insert(current).inserted else {
                    throw Violation(description: "help: \(line)")
                }
            } else if line.hasPrefix("# TYPE ") {
                guard words.count == 4, words[2] == current, kinds.updateValue(words[3], forKey: current) == nil else {
                    throw Violation(description: "type: \(line)")
                }
                try lint(current, words[3])
            } else {
                let name = try checkSample(line)
                let base = kinds[current] == "histogram" ? name.withoutHistogramSuffix : name
                guard base == current, helped.contains(current), kinds[current] != nil else {
                    throw Violation(description: "not in its family: \(line)")
                }
                guard let space = line.lastIndex(of: " "), seen.insert(String(line[..<space])).inserted else {
                    throw Violation(description: "twice: \(line)")
                }
            }
        }
    }

    private static func lint(_ name: String, _ kind: String) throws {
        guard name.wholeMatch(of: /[a-z_:][a-z0-9_:]*/) != nil else { throw Violation(description: "name: \(name)") }
        guard (kind == "counter") == name.hasSuffix("_total") else { throw Violation(description: "total: \(name)") }
        if kind != "histogram", name.withoutHistogramSuffix != name { throw Violation(description: "suffix: \(name)") }
    }

    private static func checkSample(_ line: Substring) throws -> String {
        let sample =
            /([a-z_:][a-z0-9_:]*)(\{[a-z_]+="(?:[^"\\\n]|\\[\\"n])*"(?:,[a-z_]+="(?:[^"\\\n]|\\[\\"n])*")*\})? (\S+)/
        guard let match = line.wholeMatch(of: sample),
            ["+Inf", "-Inf", "NaN"].contains(match.3) || Double(match.3) != nil
        else { throw Violation(description: "sample: \(line)") }
        return String(match.1)
    }
}

extension String {
    fileprivate var withoutHistogramSuffix: String {
        for suffix in ["_bucket", "_sum", "_count"] where hasSuffix(suffix) { return String(dropLast(suffix.count)) }
        return self
    }
}
