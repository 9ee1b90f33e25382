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
        #expect(try await killed.wait(within: .seconds(10)) == .killed(signal: 9))
    }

    @Test("a command that takes too long is killed with its children")
    func timeout() async throws {
        let folder = try TemporaryFolder()
        await #expect(throws: CommandError.self) {
            try await Command.run(
                ["sh", "-c", "sleep 61 & echo $! >\(folder["pid"]); wait"], timeout: .milliseconds(500))
        }
        try await eventually(within: .seconds(10), "the grandchild is gone") {
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
        #expect(try await process.wait(within: .seconds(10)) == .exited(7))
    }
}
