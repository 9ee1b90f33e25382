import OperationStore
import Testing
import TrustlogCore
import TrustlogTestKit

@testable import TrustlogService

@Suite("Sharing of cursors", .timeLimit(.minutes(5)))
struct CursorShareTests {
    /// `owners[i]` holds `publish-i`; `nil`: nobody.
    private func share(_ me: String, _ owners: [String?], more: [CursorRow] = []) -> CursorShare {
        let rows = owners.enumerated().map { index, owner in
            CursorRow(
                key: "publish-\(index)", value: nil, owner: owner, leaseUntil: nil,
                updatedAt: Timestamp(microseconds: 0), positionTime: nil)
        }
        return CursorShare(owner: me, count: owners.count, rows: rows + more)
    }

    private func wanted(_ me: String, _ owners: [String?]) -> [Int] {
        owners.indices.filter { share(me, owners).mayKnock(at: "publish-\($0)") }
    }

    @Test("who holds nothing asks for one of the holder that has most, and for one alone")
    func newcomer() {
        #expect(wanted("b", ["a", "a", "a", "a"]) == [3])
        #expect(wanted("c", ["a", "b", "a", "a"]) == [3])
        #expect(wanted("c", ["a", "a", "b", "b"]) == [1])
    }

    @Test("who has its share asks for nothing, nor who would only change places")
    func satisfied() {
        #expect(wanted("b", ["a", "a", "b", "b"]).isEmpty)
        #expect(wanted("b", ["a", "b", "c", "c"]).isEmpty)
        #expect(wanted("b", ["a"]).isEmpty)
        #expect(wanted("c", ["a", "b"]).isEmpty)
        #expect(wanted("a", ["a", "a", nil, nil]).isEmpty)
    }

    @Test("nobody gives up the only cursor it has; rows of other kinds count for nothing")
    func lastOne() {
        #expect(!share("a", ["a", "b"]).mayYield)
        #expect(share("a", ["a", "a"]).mayYield)
        let bookmark = CursorRow(
            key: "mine", value: "1", owner: "a", leaseUntil: nil, updatedAt: Timestamp(microseconds: 0),
            positionTime: nil)
        #expect(!share("a", ["a", "b"], more: [bookmark]).mayYield)
    }

    @Test("a second replica gets its share of the cursors that the first one holds")
    func takesShare() async throws {
        let fixture = try await PublishingFixture { $0.cursor.count = 2 }
        func run(_ owner: String) -> [(worker: CursorWorker, task: Task<Void, Never>)] {
            (0..<2).map { index in
                let worker = fixture.makeWorker(owner: owner, index: index)
                return (worker, Task { await worker.run() })
            }
        }
        func owners() async throws -> [String] {
            try await fixture.store.cursors().compactMap(\.owner).sorted()
        }
        let first = run("first")
        try await eventually { try await owners() == ["first", "first"] }
        let second = run("second")
        try await eventually("each has one") { try await owners() == ["first", "second"] }
        for (worker, task) in first + second {
            await worker.stop()
            await task.value
        }
        #expect(try await owners().isEmpty)
        await fixture.channel.close(deadline: .seconds(1))
    }
}
