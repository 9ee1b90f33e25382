import Dispatch
import Observability
import Testing

@Suite("Metrics")
struct MetricsTests {
    @Test("counters add up over threads and never fall")
    func counters() {
        let counter = MetricRegistry().counter("a_total", help: "h")
        DispatchQueue.concurrentPerform(iterations: 8) { _ in
            for _ in 0..<1_000 { counter.increment() }
        }
        counter.increment(by: -5)
        #expect(counter.value == 8_000)
    }

    @Test("the same name and labels give the same instrument, other labels another")
    func sameInstrument() {
        let registry = MetricRegistry()
        registry.counter("a_total", help: "h", labels: [("x", "1")]).increment()
        registry.counter("a_total", help: "h", labels: [("x", "1")]).increment()
        registry.counter("a_total", help: "h", labels: [("x", "2")]).increment()
        #expect(registry.prometheusText().contains("a_total{x=\"1\"} 2\na_total{x=\"2\"} 1\n"))
    }

    @Test("a histogram counts each observation in every bucket whose bound it does not exceed")
    func histogram() {
        let registry = MetricRegistry()
        let histogram = registry.histogram("h_seconds", help: "h", buckets: [1, 0.5, .infinity])
        histogram.observe(0.5)
        histogram.observe(.milliseconds(750), count: 2)
        histogram.observe(7)
        histogram.observe(.nan)
        #expect(
            registry.prometheusText() == """
                # HELP h_seconds h
                # TYPE h_seconds histogram
                h_seconds_bucket{le="0.5"} 1
                h_seconds_bucket{le="1"} 3
                h_seconds_bucket{le="+Inf"} 4
                h_seconds_sum 9
                h_seconds_count 4

                """)
    }

    @Test("label values and help are escaped")
    func escaping() {
        let registry = MetricRegistry()
        registry.gauge("g", help: "back\\slash\nline \"q\"", labels: [("l", "a\\b\"c\nd")]).record(1.5)
        #expect(
            registry.prometheusText()
                == "# HELP g back\\\\slash\\nline \"q\"\n# TYPE g gauge\ng{l=\"a\\\\b\\\"c\\nd\"} 1.5\n")
    }

    @Test("a removed series is gone, and its family with the last one")
    func removal() {
        let registry = MetricRegistry()
        registry.gauge("g", help: "h", labels: [("p", "0")]).record(1)
        registry.gauge("g", help: "h", labels: [("p", "1")]).record(1)
        registry.remove("g", labels: [("p", "0")])
        #expect(registry.prometheusText().contains("g{p=\"1\"} 1\n"))
        #expect(!registry.prometheusText().contains("p=\"0\""))
        registry.removeAll("g")
        #expect(registry.prometheusText().isEmpty)
    }

    @Test(
        "numbers are written as Go reads them",
        arguments: [
            (0.0, "0"), (-2.0, "-2"), (0.25, "0.25"), (1e14, "100000000000000"), (1e20, "1e+20"), (.nan, "NaN"),
            (.infinity, "+Inf"), (-.infinity, "-Inf"), (0.000_1, "0.0001"),
        ])
    func numbers(value: Double, text: String) {
        #expect(PrometheusText.number(value) == text)
    }

    @Test("the process' own figures are read")
    func process() throws {
        let families = Dictionary(uniqueKeysWithValues: ProcessMetrics.families().map { ($0.name, $0) })
        let value = { (name: String) in try #require(families[name]?.samples.first?.value) }
        #expect(try value("process_cpu_seconds_total") > 0)
        #expect(try value("process_resident_memory_bytes") > 1_000_000)
        #expect(try value("process_virtual_memory_bytes") >= value("process_resident_memory_bytes"))
        #expect(try value("process_open_fds") >= 3)
        #expect(try value("process_max_fds") >= value("process_open_fds"))
        #expect(try value("process_start_time_seconds") > 1_600_000_000)
    }
}
