import Testing
import TrustlogTestKit

@Suite("The test kit's processes")
struct ChildProcessTests {
    @Test("an exit code, a signal and the output are told")
    func ends() async throws {
        let result = try await Command.run(["sh", "-c", "cat; echo oops >&2; exit 3"], input: Array("in".utf8))
        #expect(result.status == .exited(3))
        #expect(result.text == "in")
        #expect(result.errorText == "oops\n")
        let killed = try ChildProcess(["sleep", "60"])
        killed.kill()
        #expect(try await killed.wait(within: .seconds(60)) == .killed(signal: 9))
    }

    @Test("a command that takes too long is killed with its children")
    func timeout() async throws {
        let folder = try TemporaryFolder()
        await #expect(throws: CommandError.self) {
            try await Command.run(
                ["sh", "-c", "sleep 61 & echo $! >\(folder["pid"]); wait"], timeout: .seconds(5))
        }
        try await eventually("the grandchild is gone") {
            let pid = try FileTree.text(folder["pid"]).filter(\.isNumber)
            let status = (try? FileTree.text("/proc/\(pid)/stat")) ?? ""
            return status.isEmpty || status.contains(") Z")
        }
    }

    @Test("a program that is not there is an error")
    func missing() {
        #expect(throws: CommandError.self) { try ChildProcess(["/does/not/exist"]) }
    }

    @Test("a stopped process goes on where it was")
    func pause() async throws {
        let folder = try TemporaryFolder()
        let process = try ChildProcess([
            "sh", "-c", "until [ -e \"$1\" ]; do sleep 0.01; done; exit 7", "sh", folder["go"],
        ])
        process.pause()
        try FileTree.write("", to: folder["go"])
        #expect(process.isRunning)
        process.resume()
        #expect(try await process.wait(within: .seconds(60)) == .exited(7))
    }

    @Test("a test run that is killed leaves neither processes nor folders behind, but what it took back")
    func watchdog() async throws {
        // The watchdog of another run, whose end of the pipe is closed right after these duties.
        let folder = try TemporaryFolder()
        try FileTree.makeFolder(folder["left"])
        try FileTree.makeFolder(folder["kept"])
        let left = try ChildProcess(["sh", "-c", "sleep 62 & wait"])
        let takenBack = try ChildProcess(["sleep", "63"])
        let duties = """
            + folder \(folder["left"])
            + folder \(folder["kept"])
            + group \(takenBack.pid)
            + group \(left.pid)
            - group \(takenBack.pid)
            - folder \(folder["kept"])

            """
        try await Command.check(["sh", "-c", Watchdog.script], input: Array(duties.utf8))
        #expect(try await left.wait(within: .seconds(60)) == .killed(signal: 9))
        #expect(takenBack.isRunning)
        #expect(!FileTree.exists(folder["left"]))
        #expect(FileTree.exists(folder["kept"]))
    }
}
