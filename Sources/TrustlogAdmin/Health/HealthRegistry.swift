import Synchronization

/// What `/startupz`, `/livez` and `/readyz` are answered from. Nothing here waits for anything.
package final class HealthRegistry: Sendable {
    /// The setting `health.readiness`.
    package enum Readiness: String, Sendable, CaseIterable {
        /// Ready once started: an outage of broker or database must not take the application's pod out of service.
        case failOpen = "fail-open"
        /// Ready only while broker and database are reachable.
        case failClosed = "fail-closed"
    }

    private struct State {
        var heartbeats: [Heartbeat] = []
        var dependencies: [Dependency] = []
        var startedAt: Int64?
    }

    private let mode: Readiness
    private let clock: HealthClock
    private let createdAt: Int64
    private let state = Mutex(State())

    package init(readiness: Readiness, clock: HealthClock = .system) {
        self.mode = readiness
        self.clock = clock
        createdAt = clock.monotonic()
    }

    /// Registers a loop; its first beat is now.
    ///
    /// - Parameter deadline: the longest time between two beats. It has to exceed every timeout that the loop waits for
    ///   a broker or a database, so that an outage of these is never a reason to restart the process.
    package func heartbeat(_ name: String, deadline: Duration) -> Heartbeat {
        let heartbeat = Heartbeat(name: name, deadline: deadline, clock: clock)
        state.withLock { state in
            state.heartbeats.removeAll(where: \.hasEnded)
            state.heartbeats.append(heartbeat)
        }
        return heartbeat
    }

    /// Registers `broker` or `database`, unreachable until it says otherwise. Only those that the strategy needs.
    package func dependency(_ name: String) -> Dependency {
        let dependency = Dependency(name: name, clock: clock)
        state.withLock { $0.dependencies.append(dependency) }
        return dependency
    }

    /// Settings and keys are loaded and the workers run.
    package func markStarted() {
        let now = clock.monotonic()
        state.withLock { $0.startedAt = $0.startedAt ?? now }
    }

    package func startup() -> [HealthCheck] {
        let startedAt = state.withLock { $0.startedAt }
        return [
            HealthCheck(
                name: "startup", ok: startedAt != nil, since: clock.wallTime(at: startedAt ?? createdAt),
                detail: startedAt == nil ? "still starting" : "settings and keys are loaded, the workers run")
        ]
    }

    package func liveness() -> [HealthCheck] {
        state.withLock { $0.heartbeats }.filter { !$0.hasEnded }.map { $0.check() }
    }

    package func readiness() -> [HealthCheck] {
        switch mode {
        case .failOpen: startup()
        case .failClosed: startup() + state.withLock { $0.dependencies }.map { $0.check() }
        }
    }

    /// For `trustlog_component_up`: whether all heartbeats and dependencies of this name are well; `nil` if there is none.
    package func isUp(_ component: String) -> Bool? {
        let (heartbeats, dependencies) = state.withLock { ($0.heartbeats, $0.dependencies) }
        let checks =
            heartbeats.filter { $0.name == component && !$0.hasEnded }.map { $0.check() }
            + dependencies.filter { $0.name == component }.map { $0.check() }
        return checks.isEmpty ? nil : checks.allSatisfy(\.ok)
    }
}
