import Glibc
import Synchronization

/// One server command that is started, stopped and started again.
final class RestartableServer: Sendable {
    private let command: [String]
    private let log: String
    private let process: Mutex<ChildProcess>

    /// Starts it.
    init(command: [String], log: String) throws(CommandError) {
        self.command = command
        self.log = log
        process = Mutex(try ChildProcess(command, output: log, error: log))
    }

    var current: ChildProcess { process.withLock { $0 } }

    func start() throws(CommandError) {
        guard !current.isRunning else { return }
        let new = try ChildProcess(command, output: log, error: log)
        process.withLock { $0 = new }
    }

    /// Sends the signal and waits for the end; SIGKILL goes to the whole group.
    func stop(signal: Int32) async throws {
        let running = current
        if signal == SIGKILL { running.kill() } else { running.signal(signal) }
        try await running.wait(within: .seconds(30))
    }

    /// Asks until it answers.
    /// - Throws: the end of its log if it ends or does not answer in time.
    func awaitReady(_ ask: () async throws -> Void) async throws {
        let running = current
        let isReady = try await poll(within: .seconds(60)) {
            guard running.isRunning else { return true }
            return (try? await ask()) != nil
        }
        guard isReady, running.isRunning else {
            let text = (try? FileTree.text(log)) ?? ""
            throw CommandError("\(command.prefix(6).joined(separator: " ")) does not serve: \(text.suffix(3_000))")
        }
    }
}
