import CRdKafka
import Synchronization

/// What an instance knows of its brokers without asking: its last error, and whether it is connected to any.
final class BrokerHealth: Sendable {
    private struct State {
        var lastError: KafkaError?
        var isAnyBrokerUp = false
    }

    private let state = Mutex(State())

    var lastError: KafkaError? { state.withLock { $0.lastError } }
    var isAnyBrokerUp: Bool { state.withLock { $0.isAnyBrokerUp } }

    func failed(_ error: KafkaError) {
        state.withLock {
            $0.lastError = error
            if error.code == KafkaError.allBrokersDown {
                $0.isAnyBrokerUp = false
            }
        }
    }

    /// A broker answered.
    func answered() {
        state.withLock { $0.isAnyBrokerUp = true }
    }

    /// librdkafka's own statistics, JSON: they are only searched for a broker in the state `UP`.
    func receive(statistics: UnsafeRawBufferPointer) {
        let isUp = statistics.contains(#""state":"UP""#)
        state.withLock { $0.isAnyBrokerUp = isUp }
    }
}

extension UnsafeRawBufferPointer {
    fileprivate func contains(_ needle: StaticString) -> Bool {
        needle.withUTF8Buffer { needle in
            guard let first = needle.first, count >= needle.count else { return false }
            var start = 0
            while start <= count - needle.count {
                if self[start] == first && self[start..<start + needle.count].elementsEqual(needle) {
                    return true
                }
                start += 1
            }
            return false
        }
    }
}
