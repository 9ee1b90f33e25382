import OperationStore
import Testing
import TrustlogCore

@Suite("StoreConformance: retries")
struct RetryConformance {
    /// Inserts operations and lets them fail, due at once.
    private func fail(_ opIds: [String], in store: any OperationStore, error: String = "too large") async throws {
        let seqs = try await store.insert(opIds.map { sampleOperation($0) })
        try await store.recordFailed(seqs.map { PublishFailure(seq: $0, error: error, delay: .zero) })
    }

    private func claim(_ store: any OperationStore, limit: Int = 100) async throws -> [RetryClaim] {
        try await store.claimRetries(limit: limit, lease: .seconds(60))
    }

    @Test("two claimers never share a row, and a claim holds for its lease", arguments: StoreBackend.allCases)
    func exclusive(backend: StoreBackend) async throws {
        try await backend.withStore { store, database in
            try await fail((0..<20).map { "op-\($0)" }, in: store)
            let other = try database.open()
            let first = try await claim(store, limit: 8)
            let second = try await claim(other)
            #expect(first.count == 8)
            #expect(second.count == 12)
            #expect(Set((first + second).map(\.opId)).count == 20)
            #expect(try await claim(store).isEmpty)
            await other.close()
        }
    }

    @Test("claims made at once by several stores do not overlap", arguments: StoreBackend.allCases)
    func concurrentClaims(backend: StoreBackend) async throws {
        try await backend.withStore { store, database in
            try await fail((0..<200).map { "op-\($0)" }, in: store)
            let others = try [database.open(), database.open()]
            let claimed = try await withThrowingTaskGroup { group in
                for claimer in [store] + others {
                    group.addTask {
                        var claims: [String] = []
                        while case let page = try await claim(claimer, limit: 7), !page.isEmpty {
                            claims += page.map(\.opId)
                        }
                        return claims
                    }
                }
                return try await group.reduce(into: []) { $0 += $1 }
            }
            #expect(claimed.count == 200)
            #expect(Set(claimed).count == 200)
            for other in others { await other.close() }
        }
    }

    @Test("what is due longest is claimed first; what is not due is left", arguments: StoreBackend.allCases)
    func order(backend: StoreBackend) async throws {
        try await backend.withStore { store, database in
            try await fail(["a", "b", "c"], in: store)
            for (opId, seconds) in [("a", -10), ("b", -3600), ("c", 3600)] {
                try database.execute(
                    """
                    UPDATE trustlog_retry SET next_retry_at = \(database.timeLiteral(secondsFromNow: seconds))
                    WHERE op_id = '\(opId)'
                    """)
            }
            let claims = try await claim(store)
            #expect(claims.map(\.opId) == ["b", "a"])
            #expect(claims.allSatisfy { $0.row?.operation?.opId == $0.opId && !$0.isTrustlogged })
        }
    }

    @Test("a success sets the status and deletes the retry row", arguments: StoreBackend.allCases)
    func succeeded(backend: StoreBackend) async throws {
        try await backend.withStore { store, _ in
            try await fail(["a", "b"], in: store)
            let claims = try await claim(store)
            let success = try #require(claims.first { $0.opId == "a" })
            let seq = try #require(success.row?.seq)
            try await store.recordRetrySucceeded([
                RetrySuccess(claim: success, acknowledgement: Acknowledgement(seq: seq, partition: 1, offset: 9))
            ])
            let detail = try #require(try await store.operation(opId: "a"))
            #expect(detail.status == .trustlogged)
            #expect(detail.offset == 9)
            #expect(detail.retry == nil)
            #expect(try await store.operation(opId: "b")?.retry != nil)
        }
    }

    @Test(
        "a failed try counts and is due after its delay; without one it is a dead letter",
        arguments: StoreBackend.allCases)
    func failedTry(backend: StoreBackend) async throws {
        try await backend.withStore { store, _ in
            try await fail(["a", "b"], in: store)
            let claims = try await claim(store)
            try await store.recordRetryFailed(
                claims.map { claim in
                    RetryFailure(claim: claim, error: "again", delay: claim.opId == "a" ? .seconds(120) : nil)
                })
            let pending = try #require(try await store.operation(opId: "a")?.retry)
            #expect(pending.status == .pending)
            #expect(pending.retryCount == 1)
            #expect(pending.lastError == "again")
            let next = try #require(pending.nextRetryAt)
            #expect(next.microseconds - pending.updatedAt.microseconds == 120_000_000)
            let dead = try #require(try await store.operation(opId: "b")?.retry)
            #expect(dead.status == .deadLetter)
            #expect(dead.retryCount == 1)
            #expect(dead.nextRetryAt == nil)
            #expect(try await store.operation(opId: "b")?.status == .failed)
            let statistics = try await store.statistics()
            #expect(statistics.unlogged == 1)
            #expect(statistics.deadLetters == 1)
        }
    }

    @Test("a claim that was lost counts nothing, but its acknowledgement is recorded", arguments: StoreBackend.allCases)
    func lostClaim(backend: StoreBackend) async throws {
        try await backend.withStore { store, database in
            try await fail(["a"], in: store)
            let lost = try #require(try await claim(store).first)
            // Its lease ends, and another claims the row.
            try database.execute(
                "UPDATE trustlog_retry SET next_retry_at = \(database.timeLiteral(secondsFromNow: -1))")
            let current = try #require(try await claim(store).first)
            try await store.recordRetryFailed([RetryFailure(claim: lost, error: "late", delay: nil)])
            try await store.releaseRetries([lost])
            try await store.recordRetryObsolete([lost])
            let retry = try #require(try await store.operation(opId: "a")?.retry)
            #expect(retry.retryCount == 0)
            #expect(retry.status == .pending)
            #expect(retry.nextRetryAt == current.claimedUntil)
            #expect(try await claim(store).isEmpty)

            let seq = try #require(lost.row?.seq)
            try await store.recordRetrySucceeded([
                RetrySuccess(claim: lost, acknowledgement: Acknowledgement(seq: seq, partition: 0, offset: 1))
            ])
            #expect(try await store.operation(opId: "a")?.status == .trustlogged)
            #expect(try await store.operation(opId: "a")?.retry != nil)

            try await store.recordRetryFailed([RetryFailure(claim: current, error: "true", delay: .zero)])
            #expect(try await store.operation(opId: "a")?.retry?.retryCount == 1)
        }
    }

    @Test("a claim given back is due at once, with nothing counted", arguments: StoreBackend.allCases)
    func released(backend: StoreBackend) async throws {
        try await backend.withStore { store, _ in
            try await fail(["a"], in: store)
            let claims = try await claim(store)
            try await store.releaseRetries(claims)
            let again = try await claim(store)
            #expect(again.map(\.opId) == ["a"])
            #expect(again.first?.retryCount == 0)
        }
    }

    @Test(
        "a retry row that was written by hand is served whatever the status of its operation",
        arguments: StoreBackend.allCases)
    func byHand(backend: StoreBackend) async throws {
        try await backend.withStore { store, database in
            for status in ["NOT_TRUSTLOGGED", "FAILED", "NOT_REQUIRED", "DISCARDED"] {
                try database.execute(minimalInsert(status, columns: ", trustlog_status", values: ", '\(status)'"))
                try database.execute(
                    """
                    INSERT INTO trustlog_retry (op_id, retry_status, retry_count, next_retry_at)
                    VALUES ('\(status)', 'PENDING', 0, '2026-01-01 00:00:00')
                    """)
            }
            let claims = try await store.claimRetries(limit: 10, lease: .seconds(60))
            #expect(claims.count == 4)
            let successes = claims.enumerated().map { index, claim in
                RetrySuccess(
                    claim: claim,
                    acknowledgement: Acknowledgement(seq: claim.row?.seq ?? 0, partition: 0, offset: Int64(index)))
            }
            try await store.recordRetrySucceeded(successes)
            for claim in claims {
                let operation = try await store.operation(opId: claim.opId)
                #expect(operation?.status == .trustlogged, "\(claim.opId)")
                #expect(operation?.retry == nil)
            }
        }
    }

    @Test("a retry row of a published operation is told as such and deleted", arguments: StoreBackend.allCases)
    func obsolete(backend: StoreBackend) async throws {
        try await backend.withStore { store, _ in
            try await fail(["a", "b"], in: store)
            let seq = try #require(try await store.operation(opId: "a")).row.seq
            try await store.recordAcknowledged([Acknowledgement(seq: seq, partition: 0, offset: 1)])
            let claims = try await claim(store)
            #expect(claims.count { $0.isTrustlogged } == 1)
            #expect(claims.first { $0.opId == "a" }?.isTrustlogged == true)
            try await store.recordRetryObsolete(claims)
            #expect(try await store.operation(opId: "a")?.retry == nil)
            // It was not published: its row stays.
            #expect(try await store.operation(opId: "b")?.retry != nil)
        }
    }

    @Test("a retry row without an operation is claimed and can become a dead letter", arguments: StoreBackend.allCases)
    func orphan(backend: StoreBackend) async throws {
        try await backend.withStore { store, database in
            let time = database.timeLiteral(secondsFromNow: -5)
            try database.execute(
                """
                INSERT INTO trustlog_retry (op_id, retry_status, retry_count, next_retry_at, first_failed_at, updated_at)
                VALUES ('nobody', 'PENDING', 4, \(time), \(time), \(time))
                """)
            let claims = try await claim(store)
            #expect(claims.first?.opId == "nobody")
            #expect(claims.first?.retryCount == 4)
            #expect(claims.first.map { $0.row == nil } == true)
            #expect(claims.first?.isTrustlogged == false)
            try await store.recordRetryFailed(
                claims.map { RetryFailure(claim: $0, error: "not found", delay: nil) })
            let rows = try await store.retries(RetryFilter(), after: nil, limit: 10)
            #expect(rows.map(\.retryCount) == [5])
            #expect(rows.map(\.status) == [.deadLetter])
        }
    }
}
