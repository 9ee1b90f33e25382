import CommandLineTool
import Testing
import TrustlogTestKit

extension Sidecar {
    /// Settings of `trustlog-only`, with a database that nobody could reach: none is needed.
    static let direct = ["strategy": "trustlog-only", "database.url": "postgresql://nobody@127.0.0.1:1/none"]

    /// How many envelopes a reader of committed messages sees.
    func committedEnvelopes() async throws -> Int {
        try await kcat.read(output, format: "%o\n", options: ["isolation.level": "read_committed"]).lines.count
    }

    /// Waits until a reader of committed messages sees that many envelopes.
    func awaitCommitted(_ expected: Int, by process: TrustlogProcess, within limit: Duration = .seconds(300))
        async throws
    {
        var last = 0
        let reached = try await poll(within: limit) {
            last = try await committedEnvelopes()
            return last >= expected || !process.process.isRunning
        }
        guard reached, last >= expected else {
            throw CommandError(
                "\(last) of \(expected) envelopes are committed after \(limit)\n" + process.logText.suffix(3_000))
        }
    }

    /// Expects that such a reader sees each of so many operations once, and all of them validly signed.
    func expectExactlyOnce(_ expected: Int, sourceLocation: SourceLocation = #_sourceLocation) async throws {
        #expect(try await committedEnvelopes() == expected, sourceLocation: sourceLocation)
        try await expectValidSignatures(distinct: expected, sourceLocation: sourceLocation)
    }
}
