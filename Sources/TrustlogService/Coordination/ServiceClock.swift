/// Monotonic time for the workers, so that tests can hold and advance it.
package protocol ServiceClock: Sendable {
    /// Time since some fixed moment; never steps back, whatever happens to the wall clock.
    var now: Duration { get }
    /// Returns at `deadline`, or earlier when the task is cancelled.
    func sleep(until deadline: Duration) async
}

package struct SystemServiceClock: ServiceClock {
    private static let origin = ContinuousClock().now

    package init() {}

    package var now: Duration { ContinuousClock().now - Self.origin }

    package func sleep(until deadline: Duration) async {
        try? await ContinuousClock().sleep(until: Self.origin + deadline)
    }
}
