import Synchronization

/// A coalescing signal for one loop: any number of notifications before it looks are one.
package final class Wakeup: Sendable {
    private struct State {
        var isSignalled = false
        var waiter: CheckedContinuation<Void, Never>?
        /// Tells the wait that a time-out belongs to from later ones.
        var generation = 0
    }

    private let state = Mutex(State())

    package init() {}

    package func notify() {
        let waiter = state.withLock { state in
            state.isSignalled = state.waiter == nil
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.resume()
    }

    /// Returns at the next notification, at once if there was one since the last wait, or when `timeout` has passed.
    package func wait(timeout: Duration, clock: some ServiceClock) async {
        let deadline = clock.now + timeout
        let generation = state.withLock { state in
            state.generation += 1
            return state.generation
        }
        let alarm = Task {
            await clock.sleep(until: deadline)
            guard !Task.isCancelled else { return }
            expire(generation)
        }
        await withCheckedContinuation { continuation in
            let isReady = state.withLock { state in
                if state.isSignalled {
                    state.isSignalled = false
                    return true
                }
                state.waiter = continuation
                return false
            }
            if isReady { continuation.resume() }
        }
        alarm.cancel()
    }

    /// A time-out that comes before its wait has stored its continuation leaves the signal, so that the wait returns.
    private func expire(_ generation: Int) {
        let waiter = state.withLock { state -> CheckedContinuation<Void, Never>? in
            guard state.generation == generation else { return nil }
            state.isSignalled = state.waiter == nil
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.resume()
    }
}
