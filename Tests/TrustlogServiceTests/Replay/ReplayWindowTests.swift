import Testing

@testable import TrustlogService

@Suite("The rows of a replay that are under way")
struct ReplayWindowTests {
    private func entries(_ sequences: ClosedRange<Int64>) -> [ReplayWindow.Entry] {
        sequences.map { .init(seq: $0, opId: "op-\($0)", outcome: .underWay) }
    }

    private func published(_ count: Int) -> [ReplayWindow.Outcome] { Array(repeating: .published, count: count) }

    @Test("the position moves in order only, whichever page settles first")
    func inOrder() {
        var window = ReplayWindow(1...9)
        let pages = [1...3, 4...6, 7...9].map { window.add(entries($0), bytes: 10) }
        #expect(window.readable == nil && window.rowsInFlight == 9 && window.bytesInFlight == 30)
        window.settle(pages[1], published(3))
        #expect(window.advance().isEmpty && window.position == 0 && window.published == 0)
        window.settle(pages[0], published(3))
        #expect(window.advance().isEmpty && window.position == 6 && window.published == 6)
        #expect(!window.isFinished)
        window.settle(pages[2], published(3))
        #expect(window.advance().isEmpty && window.position == 9 && window.isFinished)
        #expect(window.rowsInFlight == 0 && window.bytesInFlight == 0)
    }

    @Test("a row at fault is told once and passed")
    func atFault() {
        var window = ReplayWindow(1...3)
        let page = window.add(
            [
                .init(seq: 1, opId: "a", outcome: .underWay), .init(seq: 2, opId: nil, outcome: .failed("unreadable")),
                .init(seq: 3, opId: "c", outcome: .underWay),
            ], bytes: 1)
        window.settle(page, [.published, .failed("too-large")])
        #expect(
            window.advance() == [
                .init(seq: 2, opId: nil, reason: "unreadable"), .init(seq: 3, opId: "c", reason: "too-large"),
            ])
        #expect(window.published == 1 && window.position == 3 && window.isFinished)
        #expect(window.advance().isEmpty)
    }

    @Test("what was not sent is read again when all has settled, and what came behind it too")
    func unsent() {
        var window = ReplayWindow(1...8)
        let pages = [1...3, 4...6].map { window.add(entries($0), bytes: 10) }
        #expect(window.readable == 7...8)
        window.settle(pages[0], [.published, .unsent, .published])
        #expect(window.isDraining && window.readable == nil)
        // The other page is still under way: nothing is read before it has settled.
        #expect(window.advance().isEmpty)
        #expect(window.position == 1 && window.published == 1 && window.readable == nil && !window.isEmpty)
        window.settle(pages[1], published(3))
        #expect(window.advance().isEmpty)
        #expect(window.position == 1 && window.published == 1 && window.isEmpty)
        #expect(window.readable == 2...8 && window.rowsInFlight == 0 && window.bytesInFlight == 0)
    }

    @Test("failures behind a row that is sent again are told when they are settled for good, not before")
    func failuresOnce() {
        var window = ReplayWindow(1...2)
        let first = window.add(entries(1...2), bytes: 1)
        window.settle(first, [.unsent, .failed("refused")])
        #expect(window.advance().isEmpty)
        let second = window.add(entries(1...2), bytes: 1)
        window.settle(second, [.published, .failed("refused")])
        #expect(window.advance() == [.init(seq: 2, opId: "op-2", reason: "refused")])
        #expect(window.isFinished)
    }

    @Test("gaps at the end finish it")
    func gaps() {
        var window = ReplayWindow(1...9)
        let page = window.add(entries(1...3), bytes: 1)
        window.settle(page, published(3))
        _ = window.advance()
        #expect(!window.isFinished && window.readable == 4...9)
        _ = window.add([], bytes: 0)
        #expect(window.isFinished && window.position == 3)
    }

    @Test("so many records a second, without bursts after a pause")
    func pace() {
        var pace = ReplayPace(rate: 100)
        #expect(pace.pageLimit(1_000) == 20)
        #expect(ReplayPace(rate: 0.5).pageLimit(1_000) == 1 && ReplayPace(rate: nil).pageLimit(1_000) == 1_000)
        pace.read(20, now: .seconds(1))
        #expect(pace.due(now: .seconds(1)) == .milliseconds(1_200))
        #expect(pace.due(now: .milliseconds(1_200)) == nil)
        pace.read(20, now: .seconds(60))
        #expect(pace.due(now: .seconds(60)) == .milliseconds(60_200))
    }
}
