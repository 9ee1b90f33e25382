/// A running `trustlog run`.
package final class TrustlogProcess: Sendable {
    package let process: ChildProcess
    package let httpPort: UInt16
    package let adminPort: UInt16
    package let logFile: String

    /// Starts `trustlog run`; it logs JSON lines to `log`, appended to what stands there.
    /// - Parameter settings: as `--set` takes them; ports are added.
    package init(settings: [String: String], log: String, environment: [String: String?] = [:]) throws(CommandError) {
        httpPort = try FreePort.find()
        adminPort = try FreePort.find()
        logFile = log
        let ports = ["http.listen": "127.0.0.1:\(httpPort)", "admin.listen": "127.0.0.1:\(adminPort)"]
        let all = ports.merging(settings) { $1 }.sorted { $0.key < $1.key }
        process = try ChildProcess(
            [TrustlogBinary.path, "run"] + all.flatMap { ["--set", "\($0.key)=\($0.value)"] },
            environment: environment, output: log, error: log)
    }

    /// Waits until `/startupz` says 200.
    /// - Throws: with the end of its log if it ends before or takes longer.
    package func awaitStarted(within limit: Duration = .seconds(60)) async throws {
        let started = try await poll(within: limit) {
            if !process.isRunning { return true }
            return await HTTP.status(port: httpPort, path: "/startupz") == 200
        }
        guard started, process.isRunning else {
            let end = process.status.map { "ended with \($0)" } ?? "is not started after \(limit)"
            throw CommandError("trustlog run \(end): \(logText.suffix(3_000))")
        }
    }

    package var logText: String { (try? FileTree.text(logFile)) ?? "" }

    /// SIGTERM, and wait for the end.
    package func stop(within limit: Duration = .seconds(60)) async throws -> ExitStatus {
        process.terminate()
        return try await process.wait(within: limit)
    }

    package func metrics() async throws -> PrometheusSamples {
        PrometheusSamples(try await HTTP.request(port: httpPort, path: "/metrics").text)
    }

    /// The status as JSON, from the admin API.
    package func statusJSON() async throws -> String {
        try await HTTP.request(port: adminPort, path: "/api/v1/status").text
    }

    /// The largest resident memory so far, in bytes; nil if it has ended.
    package var peakResidentBytes: Int? { kibibytes("VmHWM:") }

    /// Resident memory in bytes; nil if it has ended.
    package var residentBytes: Int? { kibibytes("VmRSS:") }

    /// A line of `/proc/PID/status`, in bytes.
    private func kibibytes(_ name: String) -> Int? {
        guard let text = try? FileTree.text("/proc/\(process.pid)/status") else { return nil }
        let line = text.split(separator: "\n").first { $0.hasPrefix(name) }
        return line.flatMap { Int($0.filter(\.isNumber)) }.map { $0 * 1_024 }
    }
}
