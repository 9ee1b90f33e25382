import OperationStore

/// One process's hold on a publishing cursor, as far as that process may trust it.
///
/// An own lease is trusted until shortly before it ends on the monotonic clock, counted from before the call that took it. A
/// lease of another is taken over when the database says that it has expired, or when its row has not changed for a whole
/// lease on the observer's own clock: as Kubernetes elects leaders, so that stepped clocks do no harm.
struct Lease: Sendable {
    let key: String
    let owner: String
    let length: Duration
    private(set) var trustedUntil: Duration?
    private var renewAt = Duration.zero
    private var askAgainAt: Duration?
    private var observed: (row: CursorRow, since: Duration)?

    init(key: String, owner: String, length: Duration) {
        self.key = key
        self.owner = owner
        self.length = length
    }

    func isHeld(now: Duration) -> Bool {
        trustedUntil.map { now < $0 } ?? false
    }

    func needsRenewal(now: Duration) -> Bool {
        isHeld(now: now) && now >= renewAt
    }

    /// When to look again: to renew an own lease, or to try to take another's.
    func nextLook(now: Duration) -> Duration {
        isHeld(now: now) ? renewAt : askAgainAt ?? now + length / 3
    }

    /// Whether to try to take the lease: while another holds it, only once in a while, whatever news arrive.
    func mayAsk(now: Duration) -> Bool {
        askAgainAt.map { now >= $0 } ?? true
    }

    /// What to hand to the store as the row that has been watched for long enough, if it has.
    func unchanged(now: Duration) -> CursorRow? {
        guard let observed, now - observed.since >= length else { return nil }
        return observed.row
    }

    mutating func granted(askedAt: Duration) {
        trustedUntil = askedAt + length * 9 / 10
        renewAt = askedAt + length / 3
        observed = nil
        askAgainAt = nil
    }

    mutating func lost() {
        trustedUntil = nil
    }

    /// Given up for another process, which gets the time to take it.
    mutating func yielded(now: Duration) {
        trustedUntil = nil
        askAgainAt = now + length
    }

    mutating func heldByAnother(_ row: CursorRow, now: Duration) {
        trustedUntil = nil
        askAgainAt = now + length / 3
        // The time of its position is not part of the row.
        if observed?.row.value == row.value, observed?.row.owner == row.owner,
            observed?.row.leaseUntil == row.leaseUntil, observed?.row.updatedAt == row.updatedAt
        {
            return
        }
        observed = (row, now)
    }
}
