import Glibc
import Synchronization

/// A process that a test started, in a process group of its own: killed with its children when this process ends.
package final class ChildProcess: Sendable {
    package let pid: Int32
    package let arguments: [String]
    /// The files that hold what it wrote; nil where the output goes to `/dev/null`.
    package let outputFile: String?
    package let errorFile: String?
    private let end = ProcessEnd()

    /// - Parameters:
    ///   - arguments: the program, found through `PATH`, and its arguments.
    ///   - environment: changes to this process's environment; a nil value removes a variable.
    ///   - input: the file to read standard input from.
    ///   - output: the file to append standard output to.
    ///   - error: the file to append standard error to.
    package init(
        _ arguments: [String], environment: [String: String?] = [:], input: String? = nil, output: String? = nil,
        error: String? = nil
    ) throws(CommandError) {
        var opened: [Int32] = []
        defer { for descriptor in opened { close(descriptor) } }
        opened.append(try ChildProcess.open(input ?? "/dev/null", O_RDONLY))
        opened.append(try ChildProcess.open(output ?? "/dev/null", O_WRONLY | O_CREAT | O_APPEND))
        opened.append(try ChildProcess.open(error ?? "/dev/null", O_WRONLY | O_CREAT | O_APPEND))
        let watchdog = Watchdog.shared
        self.arguments = arguments
        outputFile = output
        errorFile = error
        pid = try SpawnedProcess.start(
            arguments, environment: SpawnedProcess.environment(changes: environment), descriptors: opened)
        watchdog.add(.group(pid))
        let (pid, end) = (pid, end)
        do {
            try startThread { end.reap(pid) }
        } catch {
            Glibc.kill(-pid, SIGKILL)
            throw error
        }
    }

    deinit {
        kill()
    }

    /// nil while it runs.
    package var status: ExitStatus? { end.status }
    package var isRunning: Bool { status == nil }

    /// Sends a signal to the process alone; nothing happens if it has ended.
    package func signal(_ number: Int32) {
        end.whileRunning { _ = Glibc.kill(pid, number) }
    }

    package func terminate() { signal(SIGTERM) }
    package func pause() { signal(SIGSTOP) }
    package func resume() { signal(SIGCONT) }

    /// SIGKILL to its whole process group.
    package func kill() {
        end.whileRunning { _ = Glibc.kill(-pid, SIGKILL) }
    }

    /// Waits until it has ended, for `timeout` at most; blocks the calling thread.
    /// - Returns: nil if it still runs.
    package func waitBlocking(within timeout: Duration) -> ExitStatus? {
        end.wait(for: timeout)
    }

    /// Waits until it has ended.
    /// - Throws: if it still runs after `timeout`.
    @discardableResult
    package func wait(within timeout: Duration) async throws -> ExitStatus {
        let end = end
        guard let status = try await offPool({ end.wait(for: timeout) }) else {
            throw CommandError("\(arguments.prefix(3).joined(separator: " ")) … still runs after \(timeout)")
        }
        return status
    }

    /// SIGKILL, and wait until it is gone.
    package func killAndWait() async throws {
        kill()
        try await wait(within: .seconds(30))
    }

    private static func open(_ path: String, _ flags: Int32) throws(CommandError) -> Int32 {
        let descriptor = Glibc.open(path, flags | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw CommandError(call: "open \(path)", errno: errno) }
        return descriptor
    }
}
