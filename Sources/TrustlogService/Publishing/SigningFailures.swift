import Synchronization

/// Which records of a submission could not be signed, and why: collected by the lanes, read when all are settled.
final class SigningFailures: Sendable {
    private let messages = Mutex<[Int: String]>([:])

    func add(_ index: Int, _ message: String) {
        messages.withLock { $0[index] = message }
    }

    func message(at index: Int) -> String? {
        messages.withLock { $0[index] }
    }
}
