import OperationStore
import Testing
import TrustlogCore

@testable import TrustlogService

@Suite("Cursor keys")
struct CursorKeyTests {
    @Test(
        "only the cursor workers' own keys are publishing cursors",
        arguments: [
            ("publish-0", true), ("publish-12", true), ("publish-", false), ("publish-x", false), ("publish-1a", false),
            ("publish", false), ("replay", false), ("Publish-0", false), ("publish-\u{0661}", false),
        ])
    func publishing(key: String, expected: Bool) {
        #expect(CursorKey.isPublishing(key) == expected)
    }

    private static let cases: [(String, String?, CursorReport.Kind, Int64?)] = [
        ("publish-0", "17", .publish, 17), ("publish-0", nil, .publish, nil),
        ("replay", "replay 42 to 90", .replay, 42),
        ("replay", "replay", .bookmark, nil), ("mine", "9", .bookmark, 9), ("mine", "text", .bookmark, nil),
        ("mine", "replay x", .replay, nil),
    ]

    @Test("kind and sequence follow key and value", arguments: cases)
    func kinds(key: String, value: String?, kind: CursorReport.Kind, sequence: Int64?) {
        let row = CursorRow(
            key: key, value: value, owner: nil, leaseUntil: nil, updatedAt: Timestamp(microseconds: 0))
        let report = CursorReport(row: row, lagSeconds: 1.5)
        #expect(report.kind == kind && report.sequence == sequence && report.lagSeconds == 1.5)
    }

    @Test("a cursor worker's key is one")
    func own() {
        #expect(CursorKey.publishing(3) == "publish-3")
        #expect(CursorKey.isPublishing(CursorKey.publishing(3)))
    }
}
