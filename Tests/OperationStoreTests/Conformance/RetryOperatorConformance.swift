import OperationStore
import Testing
import TrustlogCore

@Suite("StoreConformance: retries, by an operator")
struct RetryOperatorConformance {
    /// Four retry rows: `old` since two hours; `dead` and `new` as dead letters; `pending`.
    private func prepare(_ store: any OperationStore, _ database: any TestDatabase) async throws {
        let opIds = ["dead", "new", "old", "pending"]
        let seqs = try await store.insert(opIds.map { sampleOperation($0) })
        try await store.recordFailed(
            zip(opIds, seqs).map { opId, seq in
                PublishFailure(seq: seq, error: opId == "new" ? "100% broken_" : "too large", delay: .zero)
            })
        let claims = try await store.claimRetries(limit: 10, lease: .seconds(60))
        try await store.recordRetryFailed(
            claims.map { claim in
                let isDead = ["dead", "new"].contains(claim.opId)
                return RetryFailure(
                    claim: claim, error: claim.opId == "new" ? "100% broken_" : "too large",
                    delay: isDead ? nil : .seconds(600))
            })
        try database.execute(
            """
            UPDATE trustlog_retry SET first_failed_at = \(database.timeLiteral(secondsFromNow: -7200))
            WHERE op_id = 'old'
            """)
    }

    private func listed(_ store: any OperationStore, _ filter: RetryFilter) async throws -> [String] {
        try await store.retries(filter, after: nil, limit: 100).map(\.opId)
    }

    @Test("filters add up", arguments: StoreBackend.allCases)
    func filters(backend: StoreBackend) async throws {
        try await backend.withStore { store, database in
            try await prepare(store, database)
            #expect(try await listed(store, RetryFilter()) == ["old", "dead", "new", "pending"])
            #expect(try await listed(store, RetryFilter(onlyDeadLetters: true)) == ["dead", "new"])
            #expect(try await listed(store, RetryFilter(errorContains: "100% broken_")) == ["new"])
            #expect(try await listed(store, RetryFilter(errorContains: "1_0")).isEmpty)
            #expect(try await listed(store, RetryFilter(errorContains: "")).count == 4)
            #expect(try await listed(store, RetryFilter(olderThan: .seconds(3600))) == ["old"])
            #expect(try await listed(store, RetryFilter(opIds: ["pending", "old", "nobody"])) == ["old", "pending"])
            #expect(try await listed(store, RetryFilter(opIds: [])).isEmpty)
            let both = RetryFilter(opIds: ["old", "dead"], onlyDeadLetters: true)
            #expect(try await listed(store, both) == ["dead"])
        }
    }

    @Test("pages follow one another, the longest failing first", arguments: StoreBackend.allCases)
    func pages(backend: StoreBackend) async throws {
        try await backend.withStore { store, _ in
            let opIds = (0..<25).map { "op-\($0)" }
            let seqs = try await store.insert(opIds.map { sampleOperation($0) })
            // All of one moment, so that the identity decides.
            try await store.recordFailed(seqs.map { PublishFailure(seq: $0, error: "x", delay: .zero) })
            var seen: [String] = []
            var after: RetryPageKey?
            while true {
                let page = try await store.retries(RetryFilter(), after: after, limit: 4)
                guard let last = page.last else { break }
                #expect(page.count <= 4)
                seen += page.map(\.opId)
                after = RetryPageKey(firstFailedAt: last.firstFailedAt, opId: last.opId)
            }
            #expect(seen == opIds.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) })
        }
    }

    @Test("requeued rows are due at once and start to count anew", arguments: StoreBackend.allCases)
    func requeue(backend: StoreBackend) async throws {
        try await backend.withStore { store, database in
            try await prepare(store, database)
            #expect(try await store.requeueRetries(RetryFilter(onlyDeadLetters: true)) == 2)
            let retry = try #require(try await store.operation(opId: "dead")?.retry)
            #expect(retry.status == .pending)
            #expect(retry.retryCount == 0)
            #expect(retry.lastError == "too large")
            let claims = try await store.claimRetries(limit: 10, lease: .seconds(60))
            #expect(Set(claims.map(\.opId)) == ["dead", "new"])
            #expect(try await store.requeueRetries(RetryFilter(opIds: ["nobody"])) == 0)
            #expect(try await store.requeueRetries(RetryFilter()) == 4)
        }
    }

    @Test("a FAILED operation without a row gets one that is due at once", arguments: StoreBackend.allCases)
    func requeueUnlisted(backend: StoreBackend) async throws {
        try await backend.withStore { store, database in
            try await prepare(store, database)
            _ = try await store.insert([sampleOperation("waiting")])
            try database.execute("DELETE FROM trustlog_retry WHERE op_id IN ('dead', 'new', 'old')")
            #expect(try await store.requeueRetries(RetryFilter(onlyDeadLetters: true)) == 0)
            #expect(try await store.requeueRetries(RetryFilter(opIds: [])) == 0)
            #expect(try await store.requeueRetries(RetryFilter(opIds: ["dead", "pending", "waiting", "nobody"])) == 2)
            let retry = try #require(try await store.operation(opId: "dead")?.retry)
            #expect(retry.status == .pending && retry.retryCount == 0)
            #expect(try await store.operation(opId: "new")?.retry == nil)
            let claims = try await store.claimRetries(limit: 10, lease: .seconds(60))
            #expect(Set(claims.map(\.opId)) == ["dead", "pending"] && claims.allSatisfy { $0.row != nil })
            #expect(try await store.requeueRetries(RetryFilter()) == 4)
            #expect(try await store.operation(opId: "new")?.retry?.status == .pending)
            #expect(try await store.operation(opId: "waiting")?.retry == nil)
        }
    }

    @Test("a row requeued under a claim is no longer the claim's", arguments: StoreBackend.allCases)
    func requeueUnderClaim(backend: StoreBackend) async throws {
        try await backend.withStore { store, database in
            try await prepare(store, database)
            _ = try await store.requeueRetries(RetryFilter(opIds: ["old"]))
            let claim = try #require(try await store.claimRetries(limit: 1, lease: .seconds(60)).first)
            #expect(claim.opId == "old")
            _ = try await store.requeueRetries(RetryFilter(opIds: ["old"]))
            try await store.recordRetryFailed([RetryFailure(claim: claim, error: "late", delay: nil)])
            #expect(try await store.operation(opId: "old")?.retry?.retryCount == 0)
        }
    }

    @Test("discarded rows are gone, their operations DISCARDED unless published", arguments: StoreBackend.allCases)
    func discard(backend: StoreBackend) async throws {
        try await backend.withStore { store, database in
            try await prepare(store, database)
            let seq = try #require(try await store.operation(opId: "old")).row.seq
            try await store.recordAcknowledged([Acknowledgement(seq: seq, partition: 0, offset: 1)])
            #expect(try await store.discardRetries(RetryFilter(opIds: ["old", "dead", "nobody"])) == 2)
            #expect(try await store.operation(opId: "old")?.status == .trustlogged)
            #expect(try await store.operation(opId: "dead")?.status == .discarded)
            #expect(try await listed(store, RetryFilter()) == ["new", "pending"])
            #expect(try await store.operation(opId: "pending")?.status == .failed)
            #expect(try await store.discardRetries(RetryFilter()) == 2)
            #expect(try await store.statistics().unlogged == 0)
        }
    }
}
