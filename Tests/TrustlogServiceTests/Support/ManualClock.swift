import Synchronization
import TrustlogService

/// A clock that moves when it is told to.
final class ManualClock: ServiceClock {
    private struct State {
        var now = Duration.zero
        var sleepers: [Int: (deadline: Duration, continuation: CheckedContinuation<Void, Never>)] = [:]
        var cancelled: Set<Int> = []
        var lastID = 0
    }

    private let state = Mutex(State())

    var now: Duration { state.withLock { $0.now } }

    /// The moments that somebody waits for, in order.
    var deadlines: [Duration] { state.withLock { $0.sleepers.values.map(\.deadline).sorted() } }

    func advance(by duration: Duration) {
        let due = state.withLock { state in
            state.now += duration
            let due = state.sleepers.filter { $0.value.deadline <= state.now }
            for id in due.keys { state.sleepers[id] = nil }
            return due.values.map(\.continuation)
        }
        for continuation in due { continuation.resume() }
    }

    func sleep(until deadline: Duration) async {
        let id = state.withLock { state in
            state.lastID += 1
            return state.lastID
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOver = state.withLock { state in
                    if deadline <= state.now || state.cancelled.remove(id) != nil { return true }
                    state.sleepers[id] = (deadline, continuation)
                    return false
                }
                if isOver { continuation.resume() }
            }
        } onCancel: {
            let sleeper = state.withLock { state in
                let sleeper = state.sleepers.removeValue(forKey: id)
                if sleeper == nil { state.cancelled.insert(id) }
                return sleeper
            }
            sleeper?.continuation.resume()
        }
    }
}

/// The system's clock, made faster, so that pauses of seconds cost a test nothing.
struct FastClock: ServiceClock {
    private let system = SystemServiceClock()
    private let factor: Int

    init(factor: Int = 20) {
        self.factor = factor
    }

    var now: Duration { system.now * factor }

    func sleep(until deadline: Duration) async {
        await system.sleep(until: deadline / factor)
    }
}
