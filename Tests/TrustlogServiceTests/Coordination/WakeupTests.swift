import Testing
import TrustlogTestKit

@testable import TrustlogService

@Suite("Wakeup")
struct WakeupTests {
    @Test("a notification before the wait ends it at once, and many of them are one")
    func notifiedBefore() async throws {
        let wakeup = Wakeup()
        let clock = ManualClock()
        wakeup.notify()
        wakeup.notify()
        await wakeup.wait(timeout: .seconds(10), clock: clock)
        let second = Task { await wakeup.wait(timeout: .seconds(10), clock: clock) }
        try await eventually("the second wait waits") { clock.deadlines == [.seconds(10)] }
        wakeup.notify()
        await second.value
        #expect(clock.now == .zero)
    }

    @Test("a wait ends when its time has passed, without any notification")
    func timeout() async throws {
        let wakeup = Wakeup()
        let clock = ManualClock()
        let waiting = Task { await wakeup.wait(timeout: .seconds(3), clock: clock) }
        try await eventually { clock.deadlines == [.seconds(3)] }
        clock.advance(by: .seconds(3))
        await waiting.value
    }

    @Test("a wait that was notified leaves no alarm behind")
    func alarmEnds() async throws {
        let wakeup = Wakeup()
        let clock = ManualClock()
        for _ in 0..<50 {
            let waiting = Task { await wakeup.wait(timeout: .seconds(3), clock: clock) }
            wakeup.notify()
            await waiting.value
        }
        try await eventually("all alarms are gone") { clock.deadlines.isEmpty }
    }

    @Test("no notification is lost, however notifier and waiter interleave")
    func stress() async {
        let wakeup = Wakeup()
        let clock = ManualClock()
        for _ in 0..<2_000 {
            let notifier = Task.detached { wakeup.notify() }
            // Nothing else can end it: the clock stands still.
            await wakeup.wait(timeout: .seconds(1), clock: clock)
            await notifier.value
        }
    }

    @Test("a wait without time returns")
    func zero() async {
        await Wakeup().wait(timeout: .zero, clock: ManualClock())
    }
}
