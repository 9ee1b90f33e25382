import KafkaClient
import Testing

@testable import TrustlogService

@Suite("Commit ledger")
struct CommitLedgerTests {
    private let owned = [partitionZero: 1]

    @Test("a position is sent once, and again only if that failed, after a pause")
    func again() {
        var ledger = CommitLedger()
        ledger.add([partitionZero: 5], of: owned)
        #expect(ledger.take(owned, now: .zero, isLast: false) == [partitionZero: 5])
        #expect(ledger.take(owned, now: .zero, isLast: false).isEmpty)
        ledger.failed(now: .zero)
        #expect(ledger.take(owned, now: .milliseconds(999), isLast: false).isEmpty)
        #expect(ledger.take(owned, now: .seconds(1), isLast: false) == [partitionZero: 5])
        ledger.confirmed(partitionZero, position: 5)
        ledger.failed(now: .seconds(1))
        #expect(ledger.take(owned, now: .seconds(9), isLast: false).isEmpty)
    }

    @Test("a confirmation of an older position confirms no newer one")
    func older() {
        var ledger = CommitLedger()
        ledger.add([partitionZero: 5], of: owned)
        _ = ledger.take(owned, now: .zero, isLast: false)
        ledger.add([partitionZero: 9], of: owned)
        ledger.confirmed(partitionZero, position: 5)
        #expect(ledger.take(owned, now: .zero, isLast: false) == [partitionZero: 9])
    }

    @Test("the last commit of an assignment carries what was sent and never confirmed")
    func last() {
        var ledger = CommitLedger()
        ledger.add([partitionZero: 5], of: owned)
        _ = ledger.take(owned, now: .zero, isLast: false)
        ledger.failed(now: .zero)
        #expect(ledger.take(owned, now: .zero, isLast: true) == [partitionZero: 5])
        #expect(ledger.take(owned, now: .zero, isLast: true) == [partitionZero: 5])
    }

    @Test("positions of an assignment that is over are forgotten")
    func over() {
        var ledger = CommitLedger()
        ledger.add([partitionZero: 5], of: owned)
        #expect(ledger.take([partitionZero: 2], now: .zero, isLast: true).isEmpty)
        #expect(ledger.take(owned, now: .zero, isLast: true).isEmpty)
        ledger.add([partitionZero: 5], of: [:])
        #expect(ledger.take(owned, now: .zero, isLast: true).isEmpty)
    }
}
