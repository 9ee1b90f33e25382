import Glibc
import Synchronization

/// What an instance knows of its brokers without asking: its last error, and whether it is connected to any.
final class BrokerHealth: Sendable {
    private struct State {
        var lastError: KafkaError?
        /// `nil` while nothing is known.
        var isAnyBrokerUp: Bool?
    }

    private let state = Mutex(State())

    var lastError: KafkaError? { state.withLock { $0.lastError } }
    var isAnyBrokerUp: Bool? { state.withLock { $0.isAnyBrokerUp } }

    func failed(_ error: KafkaError) {
        state.withLock {
            $0.lastError = error
            if error.code == KafkaError.allBrokersDown {
                $0.isAnyBrokerUp = false
            }
        }
    }

    /// So that the next error is one of what is tried now.
    func forgetError() {
        state.withLock { $0.lastError = nil }
    }

    /// A broker answered.
    func answered() {
        state.withLock { $0.isAnyBrokerUp = true }
    }

    /// librdkafka's own statistics, JSON ended by NUL: they are only searched for a broker in the state `UP`.
    func receive(statistics: UnsafePointer<CChar>) {
        let isUp = strstr(statistics, #""state":"UP""#) != nil
        state.withLock { $0.isAnyBrokerUp = isUp }
    }
}
