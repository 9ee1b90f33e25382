import OperationStore
import Testing
import TrustlogCore

@Suite("StoreConformance: discovery and outcomes of publishing")
struct PublishingConformance {
    private func scan(
        after: Int64 = 0, through: Int64? = nil, limit: Int = 1000, byteLimit: Int = .max, cursor: Int = 0,
        of count: Int = 1
    ) -> WaitingScan {
        WaitingScan(
            cursor: cursor, cursorCount: count, after: after, through: through, limit: limit, byteLimit: byteLimit)
    }

    // MARK: Discovery

    @Test(
        "a scan starts after its position, ends at its limit and at its upper bound", arguments: StoreBackend.allCases)
    func bounds(backend: StoreBackend) async throws {
        try await backend.withStore { store, _ in
            let seqs = try await store.insert((0..<6).map { sampleOperation("op-\($0)") })
            #expect(try await store.waiting(scan(after: seqs[1])).map(\.seq) == Array(seqs[2...]))
            #expect(try await store.waiting(scan(limit: 2)).map(\.seq) == Array(seqs[..<2]))
            #expect(try await store.waiting(scan(after: seqs[0], through: seqs[3])).map(\.seq) == Array(seqs[1...3]))
            #expect(try await store.waiting(scan(after: seqs[5])).isEmpty)
            #expect(try await store.waiting(scan(after: seqs[3], through: seqs[3])).isEmpty)
            #expect(try await store.waiting(scan(limit: 0)).isEmpty)
            for scan in [scan(), scan(limit: 2), scan(after: seqs[0], through: seqs[3]), scan(cursor: 1, of: 3)] {
                #expect(try await store.waitingSequences(scan) == store.waiting(scan).map(\.seq))
            }
        }
    }

    @Test(
        "a page ends with the row that takes it past the byte limit, and holds one at least",
        arguments: StoreBackend.allCases)
    func byteLimit(backend: StoreBackend) async throws {
        try await backend.withStore { store, _ in
            let extra = #"{"a":""# + String(repeating: "x", count: 10_000) + #""}"#
            try await store.insert((0..<5).map { sampleOperation("op-\($0)", extra: extra) })
            #expect(try await store.waiting(scan(byteLimit: 0)).count == 1)
            #expect(try await store.waiting(scan(byteLimit: 15_000)).count == 2)
            #expect(try await store.waiting(scan(byteLimit: 1_000_000)).count == 5)
            let range = try #require(try await store.bounds())
            #expect(try await store.operations(in: range, limit: 100, byteLimit: 15_000).count == 2)
        }
    }

    @Test(
        "cursors divide the rows: each row is one cursor's, the rows of a doid are the same one's",
        arguments: StoreBackend.allCases)
    func shares(backend: StoreBackend) async throws {
        try await backend.withStore { store, _ in
            try await store.insert((0..<60).map { sampleOperation("op-\($0)", doid: "doid-\($0 % 20)") })
            var ownerOfDoid: [String: Int] = [:]
            var seen: [Int64] = []
            for cursor in 0..<3 {
                for row in try await store.waiting(scan(cursor: cursor, of: 3)) {
                    seen.append(row.seq)
                    let doid = try #require(row.operation).doid
                    #expect(ownerOfDoid[doid, default: cursor] == cursor)
                    ownerOfDoid[doid] = cursor
                }
            }
            #expect(seen.count == 60)
            #expect(Set(seen).count == 60)
        }
    }

    // MARK: Acknowledged

    @Test("an acknowledgement sets status, time, partition and offset, once", arguments: StoreBackend.allCases)
    func acknowledged(backend: StoreBackend) async throws {
        try await backend.withStore { store, _ in
            let seqs = try await store.insert("a", "b", "c")
            let changed = try await store.recordAcknowledged([
                Acknowledgement(seq: seqs[0], partition: 3, offset: 5_000_000_000),
                Acknowledgement(seq: seqs[1], partition: 0, offset: nil),
                Acknowledgement(seq: seqs[2] + 1000, partition: 0, offset: 1),
            ])
            #expect(changed == 2)
            let first = try #require(try await store.operation(opId: "a"))
            #expect(first.status == .trustlogged)
            #expect(first.partition == 3)
            #expect(first.offset == 5_000_000_000)
            #expect(first.trustloggedAt != nil)
            let second = try #require(try await store.operation(opId: "b"))
            #expect(second.status == .trustlogged)
            #expect(second.offset == nil)
            #expect(try await store.waiting(.all).map(\.opId) == ["c"])

            let stale = try await store.recordAcknowledged([Acknowledgement(seq: seqs[0], partition: 9, offset: 9)])
            #expect(stale == 0)
            #expect(try await store.operation(opId: "a")?.offset == 5_000_000_000)
            #expect(try await store.recordAcknowledged([]) == 0)
        }
    }

    @Test(
        "a late acknowledgement of a failed row counts, of any other status it does not",
        arguments: StoreBackend.allCases)
    func lateAcknowledgement(backend: StoreBackend) async throws {
        try await backend.withStore { store, _ in
            let seqs = try await store.insert("failed", "discarded")
            _ = try await store.persist(batch([sampleOperation("not-required")], status: .notRequired))
            try await store.recordFailed(seqs.map { PublishFailure(seq: $0, error: "too large", delay: .zero) })
            #expect(try await store.discardRetries(RetryFilter(opIds: ["discarded"])) == 1)
            let notRequired = try #require(try await store.operation(opId: "not-required")).row.seq
            let changed = try await store.recordAcknowledged(
                (seqs + [notRequired]).map { Acknowledgement(seq: $0, partition: 0, offset: 1) })
            #expect(changed == 1)
            #expect(try await store.operation(opId: "failed")?.status == .trustlogged)
            #expect(try await store.operation(opId: "discarded")?.status == .discarded)
            #expect(try await store.operation(opId: "not-required")?.status == .notRequired)
        }
    }

    // MARK: Failed

    @Test("a failed row leaves the scan and gets its retry row", arguments: StoreBackend.allCases)
    func failed(backend: StoreBackend) async throws {
        try await backend.withStore { store, _ in
            let seqs = try await store.insert("a", "b")
            try await store.recordFailed([PublishFailure(seq: seqs[0], error: "zu groß", delay: .seconds(60))])
            #expect(try await store.waiting(.all).map(\.opId) == ["b"])
            let detail = try #require(try await store.operation(opId: "a"))
            #expect(detail.status == .failed)
            let retry = try #require(detail.retry)
            #expect(retry.status == .pending)
            #expect(retry.retryCount == 0)
            #expect(retry.lastError == "zu groß")
            let next = try #require(retry.nextRetryAt)
            #expect(next.microseconds - retry.firstFailedAt.microseconds == 60_000_000)
            #expect(retry.updatedAt == retry.firstFailedAt)
            let statistics = try await store.statistics()
            #expect(statistics.unlogged == 2)
            #expect(statistics.retriesPending == 1)
            #expect(statistics.retriesDue == 0)
        }
    }

    @Test("a failure of a row that is published already changes nothing", arguments: StoreBackend.allCases)
    func staleFailure(backend: StoreBackend) async throws {
        try await backend.withStore { store, _ in
            let seqs = try await store.insert("a", "b")
            try await store.recordAcknowledged([Acknowledgement(seq: seqs[0], partition: 0, offset: 1)])
            try await store.recordFailed([PublishFailure(seq: seqs[1], error: "first", delay: .zero)])
            try await store.recordFailed(seqs.map { PublishFailure(seq: $0, error: "late", delay: .zero) })
            #expect(try await store.operation(opId: "a")?.status == .trustlogged)
            #expect(try await store.operation(opId: "a")?.retry == nil)
            #expect(try await store.operation(opId: "b")?.retry?.lastError == "first")
            try await store.recordFailed([])
        }
    }

    @Test(
        "a row whose identity cannot be read fails by its seq and can be claimed, failed and discarded",
        arguments: StoreBackend.allCases)
    func unreadableIdentity(backend: StoreBackend) async throws {
        try await backend.withStore { store, database in
            guard let invalid = database.invalidTextLiteral else { return }
            try database.execute(minimalInsert("x").replacing("'x'", with: invalid))
            let row = try #require(try await store.waiting(.all).first)
            #expect(row.opId == nil)
            guard case .failure = row.content else {
                Issue.record("readable: \(row)")
                return
            }
            try await store.recordFailed([PublishFailure(seq: row.seq, error: "unreadable", delay: .zero)])
            #expect(try await store.waiting(.all).isEmpty)
            let claim = try #require(try await store.claimRetries(limit: 10, lease: .seconds(60)).first)
            #expect(claim.row?.seq == row.seq)
            try await store.recordRetryFailed([RetryFailure(claim: claim, error: "still", delay: nil)])
            #expect(try await store.statistics().deadLetters == 1)
            #expect(try await store.discardRetries(RetryFilter(onlyDeadLetters: true)) == 1)
            #expect(try await store.statistics().deadLetters == 0)
        }
    }
}

extension String {
    /// The text with each occurrence of `part` replaced.
    fileprivate func replacing(_ part: String, with replacement: String) -> String {
        var rest = self[...]
        var result = ""
        while !rest.isEmpty {
            if rest.hasPrefix(part) {
                result += replacement
                rest = rest.dropFirst(part.count)
            } else {
                result.append(rest.removeFirst())
            }
        }
        return result
    }
}
