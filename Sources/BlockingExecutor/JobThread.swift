import CSystem
import Glibc
import Synchronization

/// The thread behind a ``BlockingExecutor`` and the queue that feeds it.
///
/// It is an object apart from the executor, because the thread must not keep the executor alive.
// @unchecked: every stored property that changes is reached under `mutex` only.
final class JobThread: @unchecked Sendable {
    private struct Entry {
        var job: UnownedJob
        var executor: UnownedSerialExecutor
    }

    private let name: String
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var entries: [Entry] = []
    private var isStopped = false
    private var wake: (@Sendable () -> Void)?
    private var threadID: pthread_t?
    private let pendingJobs = Atomic(0)

    init(name: String) {
        self.name = name
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(condition, nil)
    }

    deinit {
        pthread_cond_destroy(condition)
        pthread_mutex_destroy(mutex)
        condition.deallocate()
        mutex.deallocate()
    }

    func start() {
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        defer { pthread_attr_destroy(&attributes) }
        var created = pthread_t()
        let context = Unmanaged.passRetained(self).toOpaque()
        let status = pthread_create(&created, &attributes, { JobThread.main($0) }, context)
        // Without a thread no promise of the program holds; the process has hit its thread limit while it starts.
        precondition(status == 0, "a thread could not be started: error \(status)")
    }

    func stop() {
        withLock {
            isStopped = true
            pthread_cond_signal(condition)
        }
    }

    func enqueue(_ job: UnownedJob, for executor: UnownedSerialExecutor) {
        pendingJobs.add(1, ordering: .sequentiallyConsistent)
        withLock {
            entries.append(Entry(job: job, executor: executor))
            pthread_cond_signal(condition)
            wake?()
        }
    }

    /// Counted before `wake` is called: who sets a flag for `wake` and then reads this misses no job.
    var hasPendingJobs: Bool { pendingJobs.load(ordering: .sequentiallyConsistent) > 0 }

    func setWake(_ wake: (@Sendable () -> Void)?) {
        withLock { self.wake = wake }
    }

    var isCurrent: Bool {
        withLock { threadID.map { pthread_equal($0, pthread_self()) != 0 } ?? false }
    }

    private static func main(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
        guard let context else { return nil }
        let thread = Unmanaged<JobThread>.fromOpaque(context).takeRetainedValue()
        pthread_setname_np(pthread_self(), String(decoding: thread.name.utf8.prefix(15), as: UTF8.self))
        thread.withLock { thread.threadID = pthread_self() }
        thread.runJobs()
        return nil
    }

    private func runJobs() {
        var batch: [Entry] = []
        while true {
            let isEnding = withLock {
                while entries.isEmpty && !isStopped {
                    pthread_cond_wait(condition, mutex)
                }
                swap(&batch, &entries)
                return batch.isEmpty
            }
            if isEnding { return }
            for entry in batch {
                pendingJobs.subtract(1, ordering: .sequentiallyConsistent)
                entry.job.runSynchronously(on: entry.executor)
            }
            batch.removeAll(keepingCapacity: true)
        }
    }

    private func withLock<R>(_ body: () -> R) -> R {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return body()
    }
}
