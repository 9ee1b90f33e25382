import OperationStore
import Testing
import TrustlogCore

@Suite("StoreConformance: cursors and leases")
struct CursorConformance {
    private let key = "publish-0"

    private func acquire(
        _ store: any OperationStore, _ owner: String, unchanged: CursorRow? = nil
    ) async throws -> LeaseAttempt {
        try await store.acquireLease(key: key, owner: owner, length: .seconds(60), unchanged: unchanged)
    }

    private func cursor(_ store: any OperationStore) async throws -> CursorRow {
        try #require(try await store.cursors().first { $0.key == key })
    }

    @Test("a lease is granted to the first and held against the second", arguments: StoreBackend.allCases)
    func grantedAndHeld(backend: StoreBackend) async throws {
        try await backend.withStore { store, database in
            guard case .granted(let value) = try await acquire(store, "one") else {
                Issue.record("not granted")
                return
            }
            #expect(value == nil)
            let other = try database.open()
            guard case .held(let row) = try await acquire(other, "two") else {
                Issue.record("granted twice")
                return
            }
            #expect(row.owner == "one")
            #expect(row.key == key)
            let until = try #require(row.leaseUntil)
            #expect(until.microseconds - row.updatedAt.microseconds == 60_000_000)
            await other.close()
        }
    }

    @Test("of many that ask at once one is granted the lease", arguments: StoreBackend.allCases)
    func race(backend: StoreBackend) async throws {
        try await backend.withStore { store, database in
            let stores = try [store] + (0..<3).map { _ in try database.open() }
            let granted = try await withThrowingTaskGroup { group in
                for (index, store) in stores.enumerated() {
                    group.addTask {
                        if case .granted = try await acquire(store, "owner-\(index)") { 1 } else { 0 }
                    }
                }
                return try await group.reduce(0, +)
            }
            #expect(granted == 1)
            for store in stores.dropFirst() { await store.close() }
        }
    }

    @Test("the owner takes its own lease again, and finds its position", arguments: StoreBackend.allCases)
    func ownAgain(backend: StoreBackend) async throws {
        try await backend.withStore { store, _ in
            _ = try await acquire(store, "one")
            #expect(try await store.renewLease(key: key, owner: "one", length: .seconds(60), position: 17))
            guard case .granted(let value) = try await acquire(store, "one") else {
                Issue.record("not granted")
                return
            }
            #expect(value == "17")
        }
    }

    @Test("a lease that has expired on the database's clock is free", arguments: StoreBackend.allCases)
    func expired(backend: StoreBackend) async throws {
        try await backend.withStore { store, database in
            _ = try await acquire(store, "one")
            _ = try await store.renewLease(key: key, owner: "one", length: .seconds(60), position: 5)
            try database.execute(
                "UPDATE trustlog_cursor SET lease_until = \(database.timeLiteral(secondsFromNow: -1))")
            guard case .granted(let value) = try await acquire(store, "two") else {
                Issue.record("not granted")
                return
            }
            #expect(value == "5")
            #expect(try await cursor(store).owner == "two")
        }
    }

    @Test("a lease seen unchanged is taken over; one renewed since is not", arguments: StoreBackend.allCases)
    func unchanged(backend: StoreBackend) async throws {
        try await backend.withStore { store, _ in
            try await store.insert("a")
            _ = try await acquire(store, "one")
            _ = try await store.renewLease(key: key, owner: "one", length: .seconds(60), position: 1)
            guard case .held(let seen) = try await acquire(store, "two") else { return }
            #expect(try await store.renewLease(key: key, owner: "one", length: .seconds(60), position: 1))
            guard case .held(let current) = try await acquire(store, "two", unchanged: seen) else {
                Issue.record("took over a lease that was renewed")
                return
            }
            // As listed, the row tells the time of its position as well.
            let listed = try await cursor(store)
            #expect(listed.positionTime != nil)
            #expect(listed.updatedAt == current.updatedAt)
            guard case .granted(let value) = try await acquire(store, "two", unchanged: listed) else {
                Issue.record("not granted")
                return
            }
            #expect(value == "1")
        }
    }

    @Test("a stale owner renews and releases nothing", arguments: StoreBackend.allCases)
    func staleOwner(backend: StoreBackend) async throws {
        try await backend.withStore { store, _ in
            _ = try await acquire(store, "one")
            let seen = try await cursor(store)
            guard case .granted = try await acquire(store, "two", unchanged: seen) else { return }
            let before = try await cursor(store)
            #expect(try await store.renewLease(key: key, owner: "one", length: .seconds(60), position: 99) == false)
            try await store.releaseLease(key: key, owner: "one", position: 99)
            #expect(try await cursor(store) == before)
            #expect(try await store.renewLease(key: "no such", owner: "one", length: .seconds(1), position: 1) == false)
        }
    }

    @Test("a released lease is free at once and keeps the position", arguments: StoreBackend.allCases)
    func released(backend: StoreBackend) async throws {
        try await backend.withStore { store, _ in
            _ = try await acquire(store, "one")
            try await store.releaseLease(key: key, owner: "one", position: 23)
            let row = try await cursor(store)
            #expect(row.owner == nil)
            #expect(row.leaseUntil == nil)
            guard case .granted(let value) = try await acquire(store, "two") else {
                Issue.record("not granted")
                return
            }
            #expect(value == "23")
            // Without a position the old one stays.
            try await store.releaseLease(key: key, owner: "two", position: nil)
            #expect(try await cursor(store).value == "23")
        }
    }

    @Test("bookmarks are set, compared, listed by key and deleted", arguments: StoreBackend.allCases)
    func bookmarks(backend: StoreBackend) async throws {
        try await backend.withStore { store, _ in
            let seqs = try await store.insert("a", "b")
            #expect(try await store.setCursor(key: "mark", value: String(seqs[0]), expected: nil))
            #expect(try await store.setCursor(key: "mark", value: "9", expected: "8") == false)
            #expect(try await store.setCursor(key: "absent", value: "9", expected: "8") == false)
            #expect(try await store.setCursor(key: "end", value: String(seqs[1] + 1000), expected: nil))
            #expect(try await store.setCursor(key: "Another", value: "replay:{}", expected: nil))
            let cursors = try await store.cursors()
            #expect(cursors.map(\.key) == ["Another", "end", "mark"])
            let rows = try await store.operations(in: seqs[0]...seqs[1], limit: 2, byteLimit: .max)
            #expect(cursors.map(\.positionTime) == [nil, rows[1].recordedAt, rows[0].recordedAt])
            #expect(cursors.allSatisfy { $0.owner == nil && $0.leaseUntil == nil })
            #expect(try await store.setCursor(key: "mark", value: "0", expected: String(seqs[0])))
            #expect(try await store.cursors().last?.positionTime == nil)
            #expect(try await store.deleteCursor(key: "mark"))
            #expect(try await store.deleteCursor(key: "mark") == false)
            #expect(try await store.cursors().map(\.key) == ["Another", "end"])
        }
    }

    @Test("setting a cursor leaves its lease alone", arguments: StoreBackend.allCases)
    func setUnderLease(backend: StoreBackend) async throws {
        try await backend.withStore { store, _ in
            _ = try await acquire(store, "one")
            _ = try await store.setCursor(key: key, value: "7", expected: nil)
            let row = try await cursor(store)
            #expect(row.owner == "one")
            #expect(row.value == "7")
        }
    }
}
