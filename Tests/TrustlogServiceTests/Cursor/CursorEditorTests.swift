import OperationStore
import Testing
import TrustlogCore

@testable import TrustlogService

@Suite("Cursors that people change", .timeLimit(.minutes(5)))
struct CursorEditorTests {
    private func makeDatabase() async throws -> (TestDatabase, CursorEditor) {
        let database = try await TestDatabase()
        try await database.insert((1...9).map { sampleOperation("op-\($0)") })
        return (database, CursorEditor(database.store, owner: "operator"))
    }

    private func row(_ key: String, _ database: TestDatabase) async throws -> CursorRow? {
        try await database.store.cursors().first { $0.key == key }
    }

    @Test("a bookmark is made, and moved only where overwriting was asked for")
    func bookmark() async throws {
        let (database, editor) = try await makeDatabase()
        let made = try await editor.set("mark", to: Position("op:op-4"), overwrites: false)
        #expect(made.sequence == 4 && made.previous == nil)
        do {
            _ = try await editor.set("mark", to: .end, overwrites: false)
            Issue.record("overwritten")
        } catch {
            guard case .exists(let row, newSequence: 9) = error else { throw error }
            #expect(row.value == "4")
        }
        let moved = try await editor.set("mark", to: .end, overwrites: true)
        #expect(moved.sequence == 9 && moved.previous == "4")
        let row = try #require(try await row("mark", database))
        #expect(row.value == "9" && row.owner == nil && row.leaseUntil == nil)
        try await editor.delete("mark")
        #expect(try await database.store.cursors().isEmpty)
    }

    @Test("publishing cursors are refused, and one that is not there cannot be deleted")
    func refused() async throws {
        let (database, editor) = try await makeDatabase()
        _ = try await database.store.acquireLease(key: "publish-0", owner: "me", length: .seconds(9), unchanged: nil)
        let before = try await row("publish-0", database)
        for change in [true, false] {
            do {
                if change {
                    _ = try await editor.set("publish-0", to: .end, overwrites: true)
                } else {
                    try await editor.delete("publish-0")
                }
                Issue.record("changed")
            } catch {
                guard case .publishingCursor("publish-0") = error else { throw error }
            }
        }
        #expect(try await row("publish-0", database) == before)
        do {
            try await editor.delete("nobody")
            Issue.record("deleted")
        } catch {
            guard case .missing("nobody") = error else { throw error }
        }
        #expect(try await row("nobody", database) == nil)
    }

    @Test("a replay that is not running is moved within its range and stays one")
    func replay() async throws {
        let (database, editor) = try await makeDatabase()
        let replay = ReplayCursor(range: 2...7, topic: "t", from: try Position("op:op-2"), to: try Position("op:op-7"))
        _ = try await database.store.setCursor(key: "replay", value: replay.value, expected: nil)
        _ = try await editor.set("replay", to: Position("op:op-5"), overwrites: true)
        #expect(try await row("replay", database)?.value == "replay 5 of 2..7 to t (from op:op-2 to op:op-7)")
        do {
            _ = try await editor.set("replay", to: .end, overwrites: true)
            Issue.record("moved")
        } catch {
            guard case .outOfRange(_, sequence: 9) = error else { throw error }
        }
        let row = try #require(try await row("replay", database))
        #expect(ReplayCursor(value: row.value ?? "")?.sequence == 5 && row.owner == nil)
    }

    @Test("what a running replay holds is neither moved nor deleted")
    func held() async throws {
        let (database, editor) = try await makeDatabase()
        let replay = ReplayCursor(range: 2...7, topic: "t", from: .beginning, to: .end)
        _ = try await database.store.acquireLease(key: "replay", owner: "runner", length: .seconds(60), unchanged: nil)
        _ = try await database.store.setCursor(key: "replay", value: replay.value, expected: nil)
        let before = try await row("replay", database)
        for change in [true, false] {
            do {
                if change {
                    _ = try await editor.set("replay", to: Position("op:op-3"), overwrites: true)
                } else {
                    try await editor.delete("replay")
                }
                Issue.record("changed")
            } catch {
                guard case .held(let row) = error as? CursorEditor.Problem else { throw error }
                #expect(row.owner == "runner")
            }
        }
        #expect(try await row("replay", database) == before)
    }

    @Test("the lag of a bookmark or replay is how much later the last row was recorded")
    func lag() async throws {
        let (database, editor) = try await makeDatabase()
        try await database.execute(
            """
            UPDATE operation SET recorded_at = '2026-01-31T08:00:00.000000Z' WHERE seq = 3;
            UPDATE operation SET recorded_at = '2026-01-31T08:00:42.500000Z' WHERE seq = 9;
            """)
        _ = try await editor.set("mark", to: Position("op:op-3"), overwrites: false)
        _ = try await editor.set("last", to: .end, overwrites: false)
        _ = try await database.store.setCursor(
            key: "replay", value: "replay 3 of 2..7 to t (from beginning to end)", expected: nil)
        let reports = try await CursorReport.all(
            of: database.store, cursorCount: 1, try await database.store.statistics())
        #expect(reports.map(\.row.key) == ["last", "mark", "replay"])
        #expect(reports.map(\.lagSeconds) == [0, 42.5, 42.5])
        #expect(reports.map(\.sequence) == [9, 3, 3])
        #expect(reports.last?.row.positionTime == reports[1].row.positionTime)
    }
}
