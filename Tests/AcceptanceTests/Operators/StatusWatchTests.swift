import CommandLineTool
import Glibc
import Testing
import TrustlogTestKit

extension AcceptanceSuite {
    @Suite("Status, watched")
    struct StatusWatches {
        @Test("a signal ends it with exit code 0, whole lines and no error", arguments: [SIGINT, SIGTERM])
        func signalled(signal: Int32) async throws {
            let folder = try TemporaryFolder("tlw")
            let settings = ["admin.listen=off", "database.url=sqlite:\(folder["t.db"])"].flatMap { ["--set", $0] }
            try await TrustlogBinary.check(["migrate"] + settings)
            let watch = try ChildProcess(
                [TrustlogBinary.path, "status", "--watch", "-o", "json"] + settings,
                environment: ["TRUSTLOG_CONFIG": nil], output: folder["output"], error: folder["errors"])
            try await eventually("it shows the status") { try FileTree.text(folder["output"]).contains("\n") }
            watch.signal(signal)
            #expect(try await watch.wait(within: .seconds(60)) == .exited(0))
            let errors = try FileTree.text(folder["errors"])
            #expect(!errors.contains("error:"), "\(errors)")
            for line in try FileTree.text(folder["output"]).split(separator: "\n") {
                #expect(try JSONValue(json: String(line))["persisted"] == 0)
            }
        }
    }
}
