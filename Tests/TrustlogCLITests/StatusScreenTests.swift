import CommandLineTool
import OperationStore
import Testing
import TrustlogAdmin
import TrustlogService

@testable import TrustlogCLI

@Suite("Status as programs and people read it")
struct StatusScreenTests {
    private func report() -> StatusReport {
        StatusReport(version: "1", strategy: .databaseAndTrustlog, isRunning: true, publishingCursorCount: 1)
    }

    @Test("what the database was not asked is null, its age as well as its count")
    func unread() {
        let unlogged = report().json["unlogged"]
        #expect(unlogged?["count"] == .null && unlogged?["oldestSeconds"] == .null)
    }

    @Test(
        "a database that is away, without its schema, or left by a stop is worth asking again, a wrong URL is not",
        arguments: [
            (StoreError.Kind.unavailable, true), (.schema, true), (.closed, true), (.configuration, false),
        ])
    func adminErrors(kind: StoreError.Kind, isWorthAsking: Bool) {
        let error = AdminDataError(StoreError(kind, "why"))
        #expect(error.message == "why" && error.kind == (isWorthAsking ? .unavailable : .failed))
    }

    @Test("a library's message stands on its line with spaces for its tabs and line breaks")
    func oneLine() {
        var report = report()
        let state = ServiceState()
        state.recordError("refused\n\tIs the server running?")
        report.lastError = state.lastError
        report.databaseProblem = "refused\n\tIs the server running?"
        let text = StatusScreen(report.json, terminal: Terminal(output: CapturedStream(), error: CapturedStream())).text
        #expect(!text.contains("\\t") && !text.contains("\\n"))
        #expect(text.contains("refused Is the server running?\n"))
        #expect(text.contains("cannot be reached: refused Is the server running? Nothing is lost"))
    }
}
