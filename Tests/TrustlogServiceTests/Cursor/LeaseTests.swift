import OperationStore
import Testing
import TrustlogCore

@testable import TrustlogService

@Suite("Lease")
struct LeaseTests {
    private let length = Duration.seconds(9)
    private let epoch = Timestamp(microseconds: 0)

    private func row(updatedAt: Int64 = 0, positionTime: Timestamp? = nil) -> CursorRow {
        CursorRow(
            key: "publish-0", value: "5", owner: "other", leaseUntil: Timestamp(microseconds: 9_000_000),
            updatedAt: Timestamp(microseconds: updatedAt), positionTime: positionTime)
    }

    @Test("an own lease is trusted for nine tenths of its length, from before it was asked for")
    func trust() {
        var lease = Lease(key: "publish-0", owner: "me", length: length)
        #expect(!lease.isHeld(now: .zero))
        lease.granted(askedAt: .seconds(10))
        #expect(lease.isHeld(now: .seconds(18)))
        #expect(!lease.isHeld(now: .milliseconds(18_100)))
    }

    @Test("it is renewed at a third of its length, and not once it has ended")
    func renewal() {
        var lease = Lease(key: "publish-0", owner: "me", length: length)
        lease.granted(askedAt: .zero)
        #expect(lease.nextLook(now: .seconds(1)) == .seconds(3))
        #expect(!lease.needsRenewal(now: .milliseconds(2_999)))
        #expect(lease.needsRenewal(now: .seconds(3)))
        #expect(!lease.needsRenewal(now: .seconds(9)))
        lease.lost()
        #expect(!lease.isHeld(now: .seconds(3)) && lease.mayAsk(now: .seconds(3)))
    }

    @Test("another's lease is asked for once in a third of its length, whatever news arrive")
    func asking() {
        var lease = Lease(key: "publish-0", owner: "me", length: length)
        #expect(lease.mayAsk(now: .zero))
        lease.heldByAnother(row(), now: .zero)
        #expect(!lease.mayAsk(now: .seconds(2)))
        #expect(lease.nextLook(now: .seconds(2)) == .seconds(3))
        #expect(lease.mayAsk(now: .seconds(3)))
        lease.granted(askedAt: .seconds(3))
        #expect(lease.mayAsk(now: .seconds(3)))
    }

    @Test("a row that has not changed for a whole lease on the own clock is taken over")
    func unchanged() {
        var lease = Lease(key: "publish-0", owner: "me", length: length)
        lease.heldByAnother(row(), now: .zero)
        // The time of its position is read along, and no part of the lease.
        lease.heldByAnother(row(positionTime: epoch), now: .seconds(5))
        #expect(lease.unchanged(now: .milliseconds(8_999)) == nil)
        #expect(lease.unchanged(now: .seconds(9)) == row())
    }

    @Test("a row that changes is watched anew")
    func changed() {
        var lease = Lease(key: "publish-0", owner: "me", length: length)
        lease.heldByAnother(row(), now: .zero)
        lease.heldByAnother(row(updatedAt: 1), now: .seconds(5))
        #expect(lease.unchanged(now: .seconds(13)) == nil)
        #expect(lease.unchanged(now: .seconds(14)) == row(updatedAt: 1))
        lease.granted(askedAt: .seconds(14))
        #expect(lease.unchanged(now: .seconds(60)) == nil)
    }
}
