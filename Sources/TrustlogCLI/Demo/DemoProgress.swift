import Synchronization
import TrustlogService

/// How far a demo has come: what was counted, not what was meant.
final class DemoProgress: Sendable {
    struct Counts: Sendable {
        /// Acknowledged by the broker.
        var produced = 0
        /// Different operations whose envelope was read back from the topic and verified.
        var verified = 0
        var invalid = 0
        /// One record as it was verified, to be shown.
        var sample: String?
    }

    private let state = Mutex(Counts())
    /// Woken whenever something was verified.
    let verified = Wakeup()

    var counts: Counts { state.withLock { $0 } }

    func addProduced(_ count: Int) {
        state.withLock { $0.produced += count }
    }

    func setVerified(_ count: Int, invalid: Int, sample: String?) {
        state.withLock { state in
            state.verified = count
            state.invalid = invalid
            state.sample = state.sample ?? sample
        }
        verified.notify()
    }
}
