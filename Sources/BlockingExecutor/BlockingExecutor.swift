/// One thread of its own that runs an actor's jobs one after another, for C calls that block.
///
/// The pool of Swift's concurrency has one thread a core and never grows: a blocking call there takes a core away from
/// everybody. An actor pins itself here by returning this executor from `unownedExecutor`; its synchronous methods may then
/// block as long as they like, and nothing interleaves inside them. While its thread blocks in a call that can be woken (a
/// poll), ``onEnqueue(_:)``'s closure makes that call return, so that a job which has just arrived runs at once.
///
/// The thread lives as long as the executor, that is as long as an actor that uses it.
package final class BlockingExecutor: SerialExecutor {
    private let thread: JobThread

    /// Starts the thread. `name` is shown by debuggers and `top -H`, cut to the 15 bytes that Linux keeps.
    package init(name: String) {
        thread = JobThread(name: name)
        thread.start()
    }

    deinit {
        thread.stop()
    }

    package func enqueue(_ job: consuming ExecutorJob) {
        thread.enqueue(UnownedJob(job), for: asUnownedSerialExecutor())
    }

    package func asUnownedSerialExecutor() -> UnownedSerialExecutor {
        UnownedSerialExecutor(ordinary: self)
    }

    /// Calls `wake` whenever a job arrives, from the thread that brings it, until it is replaced by another or by `nil`.
    /// Once this method has returned, the closure set before it is neither running nor called again.
    package func onEnqueue(_ wake: (@Sendable () -> Void)?) {
        thread.setWake(wake)
    }

    /// Whether the caller runs on this executor's thread.
    package var isCurrent: Bool { thread.isCurrent }

    /// Whether jobs wait behind the one that runs: a blocking call that begins now would make them wait.
    package var hasPendingJobs: Bool { thread.hasPendingJobs }

    package func checkIsolated() {
        precondition(isCurrent, "not on the thread of this executor")
    }
}
