import Testing
import TrustlogCore

@testable import TrustlogService

@Suite("The value of a replay's cursor")
struct ReplayCursorTests {
    @Test("it says how far which replay has come, and is read back")
    func roundTrip() throws {
        var cursor = ReplayCursor(range: 5...900, topic: "copy", from: try Position("op:a to (b"), to: .end)
        #expect(cursor.value == "replay 4 of 5..900 to copy (from op:a to (b to end)")
        #expect(cursor.rest == 5...900)
        cursor.sequence = 17
        let read = try #require(ReplayCursor(value: cursor.value))
        #expect(read == cursor)
        #expect(read.rest == 18...900)
        #expect(CursorKey.kind(of: "any", value: cursor.value) == .replay)
        #expect(CursorKey.sequence(ofValue: cursor.value) == 17)
        cursor.sequence = 900
        #expect(cursor.rest == nil)
    }

    @Test("only the same positions and topic are the same command")
    func sameCommand() throws {
        let time = try Position("time:2026-01-31T16:00:00+08:00")
        let cursor = ReplayCursor(range: 1...9, topic: "t", from: time, to: .end)
        #expect(cursor.isOf(from: try Position("time:2026-01-31T08:00:00Z"), to: .end, topic: "t"))
        #expect(!cursor.isOf(from: time, to: .end, topic: "T"))
        #expect(!cursor.isOf(from: time, to: .beginning, topic: "t"))
        #expect(!cursor.isOf(from: .beginning, to: .end, topic: "t"))
    }

    @Test(
        "what no replay wrote is none",
        arguments: [
            "", "17", "replay", "replay 1", "replay x of 1..2 to t (from a to b)", "replay 1 of 2 to t (from a to b)",
            "replay 9 of 1..5 to t (from a to b)", "replay 1 of 5..2 to t (from a to b)", "replay 1 of 1..2 to t",
            "replay 1 of 1...2 to t (x)",
        ])
    func foreign(value: String) {
        #expect(ReplayCursor(value: value) == nil)
    }

    @Test("numbers at the ends of what there is do no harm")
    func extremes() {
        let cursor = ReplayCursor(range: Int64.min ... .max, topic: "t", from: .beginning, to: .end)
        #expect(cursor.sequence == .min)
        #expect(ReplayCursor(value: cursor.value) == cursor)
        var window = ReplayWindow((Int64.max - 1) ... .max)
        let page = window.add([.init(seq: .max, opId: "a", outcome: .underWay)], bytes: 1)
        window.settle(page, [.published])
        #expect(window.advance().isEmpty && window.isFinished && window.position == .max)
    }
}
