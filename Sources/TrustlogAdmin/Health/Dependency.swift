import Synchronization

/// Something outside that Trustlog needs, `broker` or `database`, as last seen by those who talk to it.
package final class Dependency: Sendable {
    private struct State {
        var isReachable = false
        var since: Int64
        var detail = "not reached yet"
    }

    package let name: String
    private let clock: HealthClock
    private let state: Mutex<State>

    init(name: String, clock: HealthClock) {
        self.name = name
        self.clock = clock
        state = Mutex(State(since: clock.monotonic()))
    }

    package func isReachable() -> Bool { state.withLock { $0.isReachable } }

    /// - Parameter detail: the address without secrets, for example.
    package func reached(_ detail: String = "reachable") {
        set(isReachable: true, detail)
    }

    /// - Parameter reason: what failed, without secrets.
    package func lost(_ reason: String) {
        set(isReachable: false, reason)
    }

    private func set(isReachable: Bool, _ detail: String) {
        let now = clock.monotonic()
        state.withLock { state in
            if state.isReachable != isReachable { state.since = now }
            state.isReachable = isReachable
            state.detail = detail
        }
    }

    func check() -> HealthCheck {
        let state = self.state.withLock { $0 }
        return HealthCheck(
            name: name, ok: state.isReachable, since: clock.wallTime(at: state.since), detail: state.detail)
    }
}
