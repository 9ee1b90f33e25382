import OperationStore
import Testing
import TrustlogCore

@testable import TrustlogService

@Suite("Looking positions up", .timeLimit(.minutes(5)))
struct PositionResolverTests {
    /// Rows 1 to 10, recorded a minute apart from 08:01 on; 4 and 7 are gone.
    private func makeDatabase() async throws -> TestDatabase {
        let database = try await TestDatabase()
        try await database.insert((1...10).map { sampleOperation("op-\($0)") })
        let updates = (1...10).map {
            "UPDATE operation SET recorded_at = '2026-01-31T08:\($0 < 10 ? "0" : "")\($0):00.000000Z' WHERE seq = \($0);"
        }
        try await database.execute(updates.joined() + "DELETE FROM operation WHERE seq IN (4, 7)")
        _ = try await database.store.setCursor(key: "mark", value: "3", expected: nil)
        _ = try await database.store.setCursor(
            key: "replay", value: "replay 5 of 2..9 to t (from op:op-2 to op:op-9)", expected: nil)
        _ = try await database.store.setCursor(key: "text", value: "nowhere", expected: nil)
        return database
    }

    private static let ranges: [(String, String, ClosedRange<Int64>?)] = [
        ("beginning", "end", 1...10), ("end", "end", 10...10), ("beginning", "beginning", 1...1),
        ("op:op-3", "op:op-5", 3...5), ("op:op-5", "op:op-3", nil), ("cursor:mark", "op:op-5", 3...5),
        ("op:op-2", "cursor:mark", 2...3), ("cursor:replay", "end", 5...10),
        ("time:2026-01-31T08:03:00Z", "time:2026-01-31T08:05:00Z", 3...5),
        ("time:2026-01-31T08:02:00.000001Z", "time:2026-01-31T08:05:59Z", 3...5),
        ("time:2026-01-31T16:03:00+08:00", "end", 3...10), ("beginning", "time:2026-01-31T08:00:59Z", nil),
        ("time:2026-01-31T08:10:00.000001Z", "end", nil),
        ("time:2020-01-01T00:00:00Z", "time:2030-01-01T00:00:00Z", 1...10),
    ]

    @Test("a range holds the rows at both of its ends")
    func bothIncluded() async throws {
        let database = try await makeDatabase()
        let resolver = PositionResolver(database.store)
        for (from, to, expected) in Self.ranges {
            let range = try await resolver.range(from: Position(from), to: Position(to))
            #expect(range == expected, "\(from) to \(to)")
        }
        // Rows that are gone: only those that are there count.
        let range = try #require(
            try await resolver.range(
                from: Position("time:2026-01-31T08:04:00Z"), to: Position("time:2026-01-31T08:07:30Z")))
        let rows = try await database.store.operations(in: range, limit: 10, byteLimit: .max)
        #expect(rows.map(\.seq) == [5, 6])
    }

    @Test("rows recorded side by side, their times not in the order of seq, are all found")
    func disorder() async throws {
        let database = try await makeDatabase()
        try await database.execute(
            """
            UPDATE operation SET recorded_at = '2026-01-31T08:06:30.000000Z' WHERE seq = 5;
            UPDATE operation SET recorded_at = '2026-01-31T08:05:30.000000Z' WHERE seq = 8;
            """)
        let resolver = PositionResolver(database.store)
        let from = try await resolver.range(from: Position("time:2026-01-31T08:06:00Z"), to: .end)
        #expect(from == 5...10)
        let to = try await resolver.range(from: .beginning, to: Position("time:2026-01-31T08:05:59Z"))
        #expect(to == 1...8)
    }

    @Test("an unknown operation or cursor, and a cursor without a place, are errors of their own")
    func unknown() async throws {
        let database = try await makeDatabase()
        let resolver = PositionResolver(database.store)
        await #expect(throws: PositionError.self) { try await resolver.range(from: Position("op:no"), to: .end) }
        do {
            _ = try await resolver.range(from: .beginning, to: Position("cursor:no"))
            Issue.record("found")
        } catch {
            guard case .noSuchCursor("no") = error else { throw error }
        }
        do {
            _ = try await resolver.range(from: .beginning, to: Position("cursor:text"))
            Issue.record("found")
        } catch {
            guard case .cursorHasNoPosition("text") = error else { throw error }
        }
        withExtendedLifetime(database) {}
    }

    @Test("a bookmark stands at a row; of an empty table at 0, and nowhere at a time after the last row")
    func bookmarks() async throws {
        let database = try await makeDatabase()
        let resolver = PositionResolver(database.store)
        #expect(try await resolver.sequence(of: .end) == 10)
        #expect(try await resolver.sequence(of: Position("time:2026-01-31T08:03:30Z")) == 5)
        do {
            _ = try await resolver.sequence(of: Position("time:2026-01-31T09:00:00Z"))
            Issue.record("found")
        } catch {
            guard case .nothingRecordedSince = error else { throw error }
        }
        let emptyDatabase = try await TestDatabase()
        let empty = PositionResolver(emptyDatabase.store)
        #expect(try await empty.sequence(of: .beginning) == 0)
        #expect(try await empty.sequence(of: .end) == 0)
        #expect(try await empty.range(from: .beginning, to: .end) == nil)
        withExtendedLifetime((database, emptyDatabase)) {}
    }
}
