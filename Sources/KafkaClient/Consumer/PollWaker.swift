import BlockingExecutor
import Synchronization

/// Ends a consumer's poll from other threads, as long as there is a queue to wake.
///
/// An object apart from the consumer: the executor calls it under its own lock, where the consumer's last reference must not
/// be let go.
final class PollWaker: Sendable {
    private let isPolling = Atomic(false)
    private let queue: Mutex<QueueHandle?>

    init(_ queue: QueueHandle) {
        self.queue = Mutex(queue)
    }

    /// Wakes the poll under way, or else the next one.
    func wake() {
        queue.withLock { $0?.wake() }
    }

    /// For jobs that arrive. A wake-up outlasts the poll that it missed: without the check, the job that polls would end its
    /// own poll.
    func wakeIfPolling() {
        guard isPolling.load(ordering: .sequentiallyConsistent) else { return }
        wake()
    }

    /// To be followed by a look at `executor.hasPendingJobs`: what arrived before is seen there, what arrives later wakes.
    func beginPolling() {
        isPolling.store(true, ordering: .sequentiallyConsistent)
    }

    func endPolling() {
        isPolling.store(false, ordering: .sequentiallyConsistent)
    }

    /// Nothing is woken any more: the queue may be freed.
    func close() {
        queue.withLock { $0 = nil }
    }
}
