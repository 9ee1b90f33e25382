import Testing

@testable import TrustlogService

@Suite("Cursor scan")
struct CursorScanTests {
    private let interval = Duration.seconds(10)

    @Test("it goes forward from the last row seen while pages are full, then waits for the sweep")
    func forward() {
        var scan = CursorScan(interval: interval, now: .zero)
        #expect(scan.next(now: .zero) == .forward(after: 0))
        scan.sawForward(last: 7, isFull: true, now: .zero)
        #expect(scan.next(now: .zero) == .forward(after: 7))
        scan.sawForward(last: nil, isFull: false, now: .zero)
        #expect(scan.next(now: .zero) == .wait(until: interval))
        #expect(scan.high == 7)
    }

    @Test("news are looked for at once")
    func news() {
        var scan = CursorScan(interval: interval, now: .zero)
        scan.sawForward(last: 7, isFull: false, now: .zero)
        scan.news()
        #expect(scan.next(now: .zero) == .forward(after: 7))
    }

    @Test("at each interval it looks behind itself, then forward")
    func sweep() {
        var scan = CursorScan(interval: interval, now: .zero)
        scan.sawForward(last: 7, isFull: false, now: .zero)
        #expect(scan.next(now: interval) == .sweep(after: 0, through: 7))
        scan.swept(last: nil, isFull: false, took: .milliseconds(1), now: interval)
        #expect(scan.next(now: interval) == .forward(after: 7))
        scan.sawForward(last: nil, isFull: false, now: interval)
        #expect(scan.next(now: interval) == .wait(until: interval * 2))
    }

    @Test("with nothing seen yet there is nothing to sweep: it looks forward, once an interval")
    func empty() {
        var scan = CursorScan(interval: interval, now: .zero)
        scan.sawForward(last: nil, isFull: false, now: .zero)
        for turn in 1...3 {
            let now = interval * turn
            #expect(scan.next(now: now) == .forward(after: 0))
            scan.sawForward(last: nil, isFull: false, now: now)
            #expect(scan.next(now: now) == .wait(until: now + interval))
        }
    }

    @Test("a sweep goes on where its page ended, until it has come through")
    func pages() {
        var scan = CursorScan(interval: interval, now: .zero)
        scan.sawForward(last: 90, isFull: false, now: .zero)
        scan.swept(last: 40, isFull: true, took: .zero, now: interval)
        scan.sawForward(last: nil, isFull: false, now: interval)
        #expect(scan.next(now: interval) == .sweep(after: 40, through: 90))
        scan.swept(last: 60, isFull: false, took: .zero, now: interval)
        scan.sawForward(last: nil, isFull: false, now: interval)
        #expect(scan.next(now: interval * 2) == .sweep(after: 0, through: 90))
    }

    @Test("sweeps never take more than a twentieth of the time")
    func cost() {
        var scan = CursorScan(interval: interval, now: .zero)
        scan.sawForward(last: 7, isFull: false, now: .zero)
        scan.swept(last: nil, isFull: false, took: .seconds(2), now: .seconds(12))
        scan.sawForward(last: nil, isFull: false, now: .seconds(12))
        #expect(scan.next(now: .seconds(12)) == .wait(until: .seconds(52)))
    }

    @Test("what was seen long enough ago is settled, no batch commits below it any more")
    func settled() {
        var scan = CursorScan(interval: interval, now: .zero)
        #expect(scan.settled(now: .seconds(100)) == 0)
        for second in 0..<30 {
            scan.sawForward(last: Int64(second + 1) * 100, isFull: true, now: .seconds(second))
            scan.sawForward(last: Int64(second + 1) * 100 + 50, isFull: true, now: .milliseconds(second * 1000 + 500))
        }
        #expect(scan.settled(now: .seconds(30)) == 2_000)
        scan.restart(now: .seconds(30))
        #expect(scan.settled(now: .seconds(100)) == 0)
        scan.sawForward(last: 7, isFull: false, now: .seconds(100))
        #expect(scan.settled(now: .seconds(109)) == 0)
        #expect(scan.settled(now: .seconds(110)) == 7)
    }

    @Test("a restart begins at the first row, whatever was seen")
    func restart() {
        var scan = CursorScan(interval: interval, now: .zero)
        scan.sawForward(last: 90, isFull: false, now: .zero)
        scan.swept(last: 40, isFull: true, took: .zero, now: .zero)
        scan.restart(now: .seconds(3))
        #expect(scan.next(now: .seconds(3)) == .forward(after: 0))
        scan.sawForward(last: 2, isFull: false, now: .seconds(3))
        #expect(scan.next(now: .seconds(13)) == .sweep(after: 0, through: 2))
    }
}
