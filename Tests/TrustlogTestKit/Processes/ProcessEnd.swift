import Glibc

/// The end of one process, waited for by a thread of its own, so that nobody polls.
// Its mutable state is guarded by the pthread mutex.
final class ProcessEnd: @unchecked Sendable {
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let changed = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var result: ExitStatus?

    init() {
        pthread_mutex_init(mutex, nil)
        var attributes = pthread_condattr_t()
        pthread_condattr_init(&attributes)
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        pthread_cond_init(changed, &attributes)
        pthread_condattr_destroy(&attributes)
    }

    deinit {
        pthread_cond_destroy(changed)
        pthread_mutex_destroy(mutex)
        changed.deallocate()
        mutex.deallocate()
    }

    var status: ExitStatus? { locked { result } }

    /// Runs `body` while the process id surely belongs to the process.
    func whileRunning(_ body: () -> Void) {
        locked { if result == nil { body() } }
    }

    /// Returns when the process has ended. The id is given back under the lock: no signal can reach a stranger.
    func reap(_ pid: pid_t) {
        var information = siginfo_t()
        while waitid(P_PID, id_t(pid), &information, WEXITED | WNOWAIT) != 0, errno == EINTR {}
        locked {
            var status: Int32 = 0
            while waitpid(pid, &status, 0) < 0, errno == EINTR {}
            // Its children have no other parent to end them.
            kill(-pid, SIGKILL)
            result = ExitStatus(waitStatus: status)
            pthread_cond_broadcast(changed)
        }
        Watchdog.shared.remove(.group(pid))
    }

    func wait(for timeout: Duration) -> ExitStatus? {
        var deadline = timespec()
        clock_gettime(CLOCK_MONOTONIC, &deadline)
        let (seconds, attoseconds) = timeout.components
        let nanoseconds = deadline.tv_nsec + Int(attoseconds / 1_000_000_000)
        deadline.tv_sec += Int(seconds) + nanoseconds / 1_000_000_000
        deadline.tv_nsec = nanoseconds % 1_000_000_000
        return locked {
            while result == nil, pthread_cond_timedwait(changed, mutex, &deadline) != ETIMEDOUT {}
            return result
        }
    }

    private func locked<Value>(_ body: () -> Value) -> Value {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return body()
    }
}
