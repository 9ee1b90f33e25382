package import Observability
import Synchronization

/// Whether publishing goes on, waits, or probes: the state behind ``CircuitBreaker``, without clock or lock.
///
/// Closed, everything goes on. A failure that belongs to everybody opens it: nothing is sent until a pause has passed, each
/// pause twice as long as the one before. Then it is half open: one batch goes as a probe, whose success closes it and whose
/// failure opens it again.
package struct CircuitBreakerState: Sendable {
    package enum Phase: String, Sendable {
        case closed
        case open
        case halfOpen = "half-open"
    }

    package enum Permission: Sendable, Equatable {
        case proceed
        /// One batch, whose outcome is to be reported.
        case probe
        case wait(until: Duration)
    }

    package private(set) var phase = Phase.closed
    package private(set) var reason: String?
    private var reopensAt = Duration.zero
    private var pauses: Backoff

    package init(pauses: Backoff = Backoff(initial: .milliseconds(250), limit: .seconds(15))) {
        self.pauses = pauses
    }

    package mutating func failed(reason: String, now: Duration) {
        self.reason = reason
        // Several batches fail together: the first opens it, the others change nothing but the reason.
        guard phase != .open else { return }
        phase = .open
        reopensAt = now + pauses.next()
    }

    /// What waits in the client is neither sent nor failed, because no broker answers: open, with nothing to probe, until
    /// something is acknowledged.
    package mutating func stalled(reason: String, now: Duration) {
        guard phase == .closed else { return }
        self.reason = reason
        phase = .open
        reopensAt = now
    }

    package mutating func succeeded() {
        phase = .closed
        reason = nil
        pauses.reset()
    }

    package mutating func permission(now: Duration) -> Permission {
        switch phase {
        case .closed: return .proceed
        case .open where now < reopensAt: return .wait(until: reopensAt)
        case .open, .halfOpen:
            phase = .halfOpen
            return .probe
        }
    }
}

/// The circuit breaker of one producer, shared by all who publish through it; its changes are logged and counted.
package final class CircuitBreaker: Sendable {
    private let state: Mutex<CircuitBreakerState>
    private let clock: any ServiceClock
    private let logger: Logger
    private let onChange: @Sendable (_ isOpen: Bool, _ reason: String?) -> Void

    package init(
        clock: any ServiceClock, logger: Logger, state: CircuitBreakerState = CircuitBreakerState(),
        onChange: @escaping @Sendable (_ isOpen: Bool, _ reason: String?) -> Void
    ) {
        self.clock = clock
        self.logger = logger
        self.state = Mutex(state)
        self.onChange = onChange
    }

    package var snapshot: (phase: CircuitBreakerState.Phase, reason: String?) {
        state.withLock { ($0.phase, $0.reason) }
    }

    package func permission() -> CircuitBreakerState.Permission {
        state.withLock { $0.permission(now: clock.now) }
    }

    /// - Returns: Whether that opened it.
    @discardableResult
    package func failed(reason: String) -> Bool {
        change { $0.failed(reason: reason, now: clock.now) }
    }

    /// - Returns: Whether that opened it.
    @discardableResult
    package func stalled(reason: String) -> Bool {
        change { $0.stalled(reason: reason, now: clock.now) }
    }

    package func succeeded() {
        _ = change { $0.succeeded() }
    }

    /// - Returns: Whether it was closed before, and is not any more.
    private func change(_ body: (inout CircuitBreakerState) -> Void) -> Bool {
        let (before, after, reason) = state.withLock { state in
            let before = state.phase
            body(&state)
            return (before, state.phase, state.reason)
        }
        guard (before == .closed) != (after == .closed) else { return false }
        if after == .closed {
            logger.notice("publishing works again")
        } else {
            logger.error("publishing waits: \(reason ?? "unknown reason")")
        }
        onChange(after != .closed, reason)
        return after != .closed
    }
}
