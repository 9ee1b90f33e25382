package import KafkaClient
import Synchronization
package import TrustlogCore

/// What the workers tell about themselves, for `status`, `/readyz` and the metrics.
package final class ServiceState: Sendable {
    package struct LastError: Sendable, Equatable {
        package var message: String
        package var time: Timestamp
    }

    /// What can be reached or is at work, as the label `component` names it.
    package enum Component: String, Sendable, CaseIterable {
        case broker
        case database
        case ingest
        case cursorWorker = "cursor-worker"
        case retryWorker = "retry-worker"
    }

    private struct State {
        var lastError: LastError?
        var waiting: [TopicPartition: String] = [:]
        var reachable: [Component: Bool] = [:]
        var problems: [Component: String] = [:]
    }

    private let state = Mutex(State())

    package init() {}

    package var lastError: LastError? { state.withLock { $0.lastError } }

    /// Partitions that cannot go on, and why.
    package var waiting: [(partition: TopicPartition, reason: String)] {
        state.withLock { state in
            state.waiting.map { ($0.key, $0.value) }
                .sorted { ($0.0.topic, $0.0.partition) < ($1.0.topic, $1.0.partition) }
        }
    }

    package func recordError(_ message: String) {
        state.withLock { $0.lastError = LastError(message: message, time: .now()) }
    }

    package func setWaiting(_ partition: TopicPartition, reason: String?) {
        state.withLock { $0.waiting[partition] = reason }
    }

    package func clearWaiting() {
        state.withLock { $0.waiting.removeAll() }
    }

    /// Tells that a component answers, or what keeps it from answering.
    package func setReachable(_ component: Component, problem: String?) {
        state.withLock { state in
            state.reachable[component] = problem == nil
            state.problems[component] = problem
            if let problem { state.lastError = LastError(message: problem, time: .now()) }
        }
    }

    /// `nil` while nothing is known yet.
    package func isReachable(_ component: Component) -> Bool? {
        state.withLock { $0.reachable[component] }
    }

    package func problem(of component: Component) -> String? {
        state.withLock { $0.problems[component] }
    }
}
