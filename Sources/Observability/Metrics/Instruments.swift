import Synchronization

/// A number of events that only grows. One atomic addition an increment.
package final class Counter: Sendable {
    private let total = Atomic<Int>(0)

    package init() {}

    /// A negative amount is ignored: counters never fall.
    package func increment(by amount: Int = 1) {
        guard amount > 0 else { return }
        total.wrappingAdd(amount, ordering: .relaxed)
    }

    package var value: Int { total.load(ordering: .relaxed) }
}

/// A measure that rises and falls. One atomic store a recording.
package final class Gauge: Sendable {
    private let bits = Atomic<UInt64>(0)

    package init() {}

    package func record(_ value: Double) {
        bits.store(value.bitPattern, ordering: .relaxed)
    }

    package func record(_ value: some BinaryInteger) {
        record(Double(value))
    }

    package func record(_ isTrue: Bool) {
        record(isTrue ? 1.0 : 0.0)
    }

    package var value: Double { Double(bitPattern: bits.load(ordering: .relaxed)) }
}

/// How durations are spread, in seconds, over fixed buckets.
package final class Histogram: Sendable {
    package struct Snapshot: Sendable, Equatable {
        /// Observations up to each upper bound, the lower bounds' included; one more than the bounds: the last is all.
        package var cumulativeCounts: [Int]
        package var sum: Double

        package var count: Int { cumulativeCounts.last ?? 0 }
    }

    private struct State {
        var counts: [Int]
        var sum = 0.0
    }

    /// Upper bounds in seconds, inclusive, rising.
    package let bounds: [Double]
    private let state: Mutex<State>

    /// Finite bounds are put in order; the bucket without a bound is always there.
    package init(bounds: [Double]) {
        let bounds = Set(bounds.filter(\.isFinite)).sorted()
        self.bounds = bounds
        self.state = Mutex(State(counts: Array(repeating: 0, count: bounds.count + 1)))
    }

    /// - Parameter count: How many events took this long each (a batch that was carried out as one).
    package func observe(_ seconds: Double, count: Int = 1) {
        guard count > 0, !seconds.isNaN else { return }
        let bucket = bounds.firstIndex { seconds <= $0 } ?? bounds.count
        state.withLock {
            $0.counts[bucket] += count
            $0.sum += seconds * Double(count)
        }
    }

    package func observe(_ duration: Duration, count: Int = 1) {
        let (seconds, attoseconds) = duration.components
        observe(Double(seconds) + Double(attoseconds) * 1e-18, count: count)
    }

    package var snapshot: Snapshot {
        state.withLock { state in
            var total = 0
            let cumulative = state.counts.map { count in
                total += count
                return total
            }
            return Snapshot(cumulativeCounts: cumulative, sum: state.sum)
        }
    }
}
