import OperationStore
import TrustlogCore

/// The right to work on one replay, and its position in the table.
///
/// The position is written by comparing it with what was written before: a process that was stopped, and whose replay another
/// one has taken over meanwhile, changes nothing when it wakes.
struct ReplayLease: Sendable {
    private let store: any OperationStore
    private let clock: any ServiceClock
    private var lease: Lease
    private var written: ReplayCursor?

    private static let look = Duration.seconds(1)

    init(key: String, owner: String, length: Duration, store: any OperationStore, clock: any ServiceClock) {
        self.store = store
        self.clock = clock
        lease = Lease(key: key, owner: owner, length: length)
    }

    var key: String { lease.key }

    /// Takes the lease. One whose owner was killed is waited for, at most for its length; one whose owner renews it is not.
    ///
    /// - Parameter onWait: told once, of the row that is held.
    /// - Returns: the cursor's value; `nil` where it was made by this.
    mutating func take(onWait: @Sendable (CursorRow) -> Void) async throws(ReplayError) -> String? {
        var seen: CursorRow?
        while true {
            let now = clock.now
            let attempt = try await storing { [lease, store] () async throws(StoreError) in
                try await store.acquireLease(
                    key: lease.key, owner: lease.owner, length: lease.length, unchanged: lease.unchanged(now: now))
            }
            switch attempt {
            case .granted(let value):
                lease.granted(askedAt: now)
                return value
            case .held(let row):
                if let seen, seen.updatedAt != row.updatedAt || seen.leaseUntil != row.leaseUntil { throw .held(row) }
                if seen == nil { onWait(row) }
                seen = row
                lease.heldByAnother(row, now: now)
                await clock.sleep(until: now + min(Self.look, lease.length / 3))
            }
        }
    }

    /// Writes where the replay begins.
    mutating func begin(_ cursor: ReplayCursor, isNew: Bool) async throws(ReplayError) {
        if isNew {
            _ = try await storing { [store, key] () async throws(StoreError) in
                try await store.setCursor(key: key, value: cursor.value, expected: nil)
            }
        }
        written = cursor
    }

    /// Writes how far it has come, and renews the lease when a third of it has passed.
    mutating func save(_ position: Int64) async throws(ReplayError) {
        guard let before = written else { return }
        let now = clock.now
        if lease.needsRenewal(now: now) || !lease.isHeld(now: now) {
            let isOurs = try await storing { [lease, store] () async throws(StoreError) in
                try await store.renewLease(key: lease.key, owner: lease.owner, length: lease.length, position: nil)
            }
            guard isOurs else { throw .cursorLost(key: key, at: position) }
            lease.granted(askedAt: now)
        }
        guard position != before.sequence else { return }
        var after = before
        after.sequence = position
        let (old, new) = (before.value, after.value)
        let isWritten = try await storing { [store, key] () async throws(StoreError) in
            if try await store.setCursor(key: key, value: new, expected: old) { return true }
            // An answer that got lost on its way: the attempt before this one was committed.
            return try await store.cursors().contains { ExactText($0.key) == ExactText(key) && $0.value == new }
        }
        guard isWritten else { throw .cursorLost(key: key, at: position) }
        written = after
    }

    /// Gives the lease back; the position stays.
    func release() async throws(ReplayError) {
        try await storing { [lease, store] () async throws(StoreError) in
            try await store.releaseLease(key: lease.key, owner: lease.owner, position: nil)
        }
    }

    /// Deletes the cursor of a replay that is finished.
    func finish() async throws(ReplayError) {
        _ = try await storing { [store, key] () async throws(StoreError) in try await store.deleteCursor(key: key) }
    }

    private func storing<Value: Sendable>(
        _ body: () async throws(StoreError) -> Value
    ) async throws(ReplayError) -> Value {
        do {
            return try await body()
        } catch {
            throw .store(error)
        }
    }
}
