import Synchronization

/// Every metric of the process, in swift-metrics' vocabulary, and the text that Prometheus scrapes.
///
/// An instrument is asked for once and kept: looking it up takes a lock, using it does not. Asking again for the same name
/// and labels gives the same instrument.
package final class MetricRegistry: Sendable {
    /// Reads something at the moment of a scrape (the process' own figures). Must not block for long.
    package typealias Collector = @Sendable () -> [MetricFamily]

    private enum Instrument {
        case counter(Counter)
        case gauge(Gauge)
        case histogram(Histogram)
    }

    private struct Family {
        var help: String
        var kind: MetricFamily.Kind
        var series: [[MetricLabel]: Instrument]
    }

    private struct State {
        var families: [String: Family] = [:]
        var collectors: [Collector] = []
    }

    private let state = Mutex(State())

    package init() {}

    package func counter(_ name: String, help: String, labels: [(String, String)] = []) -> Counter {
        let instrument = instrument(name, help: help, kind: .counter, labels: labels) { .counter(Counter()) }
        guard case .counter(let counter) = instrument else { return Counter() }
        return counter
    }

    package func gauge(_ name: String, help: String, labels: [(String, String)] = []) -> Gauge {
        let instrument = instrument(name, help: help, kind: .gauge, labels: labels) { .gauge(Gauge()) }
        guard case .gauge(let gauge) = instrument else { return Gauge() }
        return gauge
    }

    /// - Parameter buckets: Upper bounds in seconds; those of the first call for this name and labels hold.
    package func histogram(
        _ name: String, help: String, labels: [(String, String)] = [], buckets: [Double]
    ) -> Histogram {
        let instrument = instrument(name, help: help, kind: .histogram, labels: labels) {
            .histogram(Histogram(bounds: buckets))
        }
        guard case .histogram(let histogram) = instrument else { return Histogram(bounds: buckets) }
        return histogram
    }

    /// Takes a series out of the text: what it measured is gone (a partition that was revoked, a cursor of another process).
    package func remove(_ name: String, labels: [(String, String)]) {
        state.withLock { _ = $0.families[name]?.series.removeValue(forKey: labels.map(MetricLabel.init)) }
    }

    /// Takes every series of a name out of the text.
    package func removeAll(_ name: String) {
        state.withLock { _ = $0.families[name]?.series.removeAll() }
    }

    package func collect(_ collector: @escaping Collector) {
        state.withLock { $0.collectors.append(collector) }
    }

    /// All metrics, families by name and series by labels, so that two scrapes list them alike.
    package func families() -> [MetricFamily] {
        let (own, collectors) = state.withLock { state in
            (state.families.map { snapshot($0.key, $0.value) }, state.collectors)
        }
        return (own + collectors.flatMap { $0() }).sorted { $0.name < $1.name }
    }

    package func prometheusText() -> String {
        PrometheusText.render(families())
    }

    private func instrument(
        _ name: String, help: String, kind: MetricFamily.Kind, labels: [(String, String)], make: () -> Instrument
    ) -> Instrument {
        let labels = labels.map(MetricLabel.init)
        return state.withLock { state in
            var family = state.families[name] ?? Family(help: help, kind: kind, series: [:])
            precondition(family.kind == kind, "the metric \(name) is a \(family.kind.rawValue), not a \(kind.rawValue)")
            if let known = family.series[labels] { return known }
            let made = make()
            family.series[labels] = made
            state.families[name] = family
            return made
        }
    }

    private func snapshot(_ name: String, _ family: Family) -> MetricFamily {
        let series = family.series.sorted { left, right in
            left.key.map(\.value).lexicographicallyPrecedes(right.key.map(\.value))
        }
        let samples = series.flatMap { labels, instrument in
            switch instrument {
            case .counter(let counter): [MetricFamily.Sample(labels: labels, value: Double(counter.value))]
            case .gauge(let gauge): [MetricFamily.Sample(labels: labels, value: gauge.value)]
            case .histogram(let histogram): histogramSamples(histogram, labels)
            }
        }
        return MetricFamily(name: name, help: family.help, kind: family.kind, samples: samples)
    }

    private func histogramSamples(_ histogram: Histogram, _ labels: [MetricLabel]) -> [MetricFamily.Sample] {
        let snapshot = histogram.snapshot
        let bounds = histogram.bounds.map(PrometheusText.number) + ["+Inf"]
        let buckets = zip(bounds, snapshot.cumulativeCounts).map { bound, count in
            MetricFamily.Sample(suffix: "_bucket", labels: labels + [MetricLabel("le", bound)], value: Double(count))
        }
        return buckets + [
            MetricFamily.Sample(suffix: "_sum", labels: labels, value: snapshot.sum),
            MetricFamily.Sample(suffix: "_count", labels: labels, value: Double(snapshot.count)),
        ]
    }
}
