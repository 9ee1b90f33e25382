import Synchronization
import Testing
import TrustlogTestKit

@testable import TrustlogService

@Suite("Circuit breaker")
struct CircuitBreakerTests {
    private static let pauses = Backoff(initial: .seconds(1), limit: .seconds(4))

    @Test("closed, everything goes on")
    func closed() {
        var state = CircuitBreakerState(pauses: Self.pauses)
        #expect(state.permission(now: .zero) == .proceed)
        #expect(state.phase == .closed && state.reason == nil)
    }

    @Test("an outage stops sending until a pause has passed; then one batch probes")
    func opens() {
        var state = CircuitBreakerState(pauses: Self.pauses)
        state.failed(reason: "no leader", now: .seconds(10))
        #expect(state.permission(now: .seconds(10)) == .wait(until: .seconds(11)))
        #expect(state.reason == "no leader")
        #expect(state.permission(now: .seconds(11)) == .probe)
        #expect(state.phase == .halfOpen)
    }

    @Test("several batches that fail together are one failure; the last reason counts")
    func failTogether() {
        var state = CircuitBreakerState(pauses: Self.pauses)
        for number in 1...5 { state.failed(reason: "reason \(number)", now: .zero) }
        #expect(state.permission(now: .zero) == .wait(until: .seconds(1)))
        #expect(state.reason == "reason 5")
    }

    @Test("pauses grow with each failed probe up to the limit, and a success begins anew")
    func grows() {
        var state = CircuitBreakerState(pauses: Self.pauses)
        var now = Duration.zero
        for pause in [1, 2, 4, 4] {
            state.failed(reason: "away", now: now)
            now += .seconds(pause)
            #expect(state.permission(now: now - .nanoseconds(1)) == .wait(until: now))
            #expect(state.permission(now: now) == .probe)
        }
        state.succeeded()
        #expect(state.permission(now: now) == .proceed && state.reason == nil)
        state.failed(reason: "again", now: now)
        #expect(state.permission(now: now) == .wait(until: now + .seconds(1)))
    }

    @Test("a stall opens without a pause, and only what was closed")
    func stalls() {
        var state = CircuitBreakerState(pauses: Self.pauses)
        state.stalled(reason: "no broker answers", now: .seconds(5))
        #expect(state.phase == .open && state.reason == "no broker answers")
        #expect(state.permission(now: .seconds(5)) == .probe)
        state.stalled(reason: "another", now: .seconds(6))
        #expect(state.phase == .halfOpen && state.reason == "no broker answers")
    }

    @Test("opening and closing are logged and told once each, whatever happens in between")
    func tells() {
        let logs = CapturingLogHandler()
        let changes = Mutex<[Bool]>([])
        let breaker = CircuitBreaker(clock: ManualClock(), logger: logs.logger()) { isOpen, _ in
            changes.withLock { $0.append(isOpen) }
        }
        breaker.succeeded()
        breaker.failed(reason: "no leader")
        breaker.failed(reason: "no leader")
        breaker.stalled(reason: "no broker answers")
        #expect(breaker.snapshot.phase == .open)
        breaker.succeeded()
        breaker.succeeded()
        #expect(changes.withLock { $0 } == [true, false])
        #expect(logs.entries.map(\.message) == ["publishing waits: no leader", "publishing works again"])
    }
}
