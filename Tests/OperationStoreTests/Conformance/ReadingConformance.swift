import OperationStore
import Testing
import TrustlogCore

@Suite("StoreConformance: reading by position and watching")
struct ReadingConformance {
    @Test("an empty table has no bounds, no positions and nothing to tell", arguments: StoreBackend.allCases)
    func empty(backend: StoreBackend) async throws {
        try await backend.withStore { store, _ in
            #expect(try await store.bounds() == nil)
            #expect(try await store.sequence(recordedAtOrAfter: Timestamp(microseconds: 0)) == nil)
            #expect(try await store.operation(opId: "nobody") == nil)
            #expect(try await store.count(in: 0...(.max)) == 0)
            let statistics = try await store.statistics()
            #expect(statistics.unlogged == 0)
            #expect(statistics.oldestUnlogged == nil)
            #expect(statistics.deadLetterReasons.isEmpty)
            #expect(try await store.cursors().isEmpty)
            try await store.ping()
        }
    }

    @Test("ranges include both ends, whatever the status", arguments: StoreBackend.allCases)
    func ranges(backend: StoreBackend) async throws {
        try await backend.withStore { store, _ in
            let seqs = try await store.insert((0..<5).map { sampleOperation("op-\($0)") })
            try await store.recordAcknowledged([Acknowledgement(seq: seqs[2], partition: 0, offset: 0)])
            #expect(try await store.bounds() == seqs[0]...seqs[4])
            #expect(try await store.count(in: seqs[1]...seqs[3]) == 3)
            let rows = try await store.operations(in: seqs[1]...seqs[3], limit: 100, byteLimit: .max)
            #expect(rows.map(\.seq) == Array(seqs[1...3]))
            #expect(try await store.operations(in: seqs[0]...seqs[4], limit: 2, byteLimit: .max).count == 2)
            let counts = try await store.operationCounts()
            #expect(counts.total == 5 && counts.byStatus[.trustlogged] == 1 && counts.byStatus[.notTrustlogged] == 4)
        }
    }

    @Test("rows are found by many opIds at once, byte by byte", arguments: StoreBackend.allCases)
    func manyIdentities(backend: StoreBackend) async throws {
        try await backend.withStore { store, _ in
            let seqs = try await store.insert(
                (["A", "a", "a ", "\u{e9}", "e\u{301}", "'; --"] + (0..<2_500).map { "op-\($0)" }).map {
                    sampleOperation($0)
                })
            try await store.recordAcknowledged([Acknowledgement(seq: seqs[1], partition: 3, offset: 33)])
            try await store.recordFailed([PublishFailure(seq: seqs[2], error: "e", delay: .seconds(9))])
            #expect(try await store.operations(opIds: []).isEmpty)
            let few = try await store.operations(opIds: ["a", "nobody", "a", "\u{e9}", "a ", "nul\u{0}"])
            #expect(
                Set(few.compactMap { $0.row.opId }.map(ExactText.init))
                    == Set(["a", "a ", "\u{e9}"].map(ExactText.init)))
            #expect(few.count == 3)
            let first = try #require(few.first { $0.row.seq == seqs[1] })
            #expect(first.status == .trustlogged && first.partition == 3 && first.offset == 33)
            #expect(try #require(few.first { $0.row.seq == seqs[2] }).retry?.lastError == "e")
            let many = try await store.operations(opIds: (0..<2_500).map { "op-\($0)" })
            #expect(Set(many.map(\.row.seq)) == Set(seqs[6...]))
        }
    }

    @Test("places are told with the status, in order, without the content", arguments: StoreBackend.allCases)
    func placements(backend: StoreBackend) async throws {
        try await backend.withStore { store, _ in
            let seqs = try await store.insert((0..<5).map { sampleOperation("op-\($0)") })
            try await store.recordAcknowledged([
                Acknowledgement(seq: seqs[1], partition: 2, offset: 5_000_000_000),
                Acknowledgement(seq: seqs[2], partition: nil, offset: nil),
            ])
            try await store.recordFailed([PublishFailure(seq: seqs[3], error: "e", delay: .zero)])
            #expect(
                try await store.placements(in: seqs[1]...seqs[4], limit: 3) == [
                    RowPlacement(
                        seq: seqs[1], opId: "op-1", status: .trustlogged, partition: 2, offset: 5_000_000_000),
                    RowPlacement(seq: seqs[2], opId: "op-2", status: .trustlogged, partition: nil, offset: nil),
                    RowPlacement(seq: seqs[3], opId: "op-3", status: .failed, partition: nil, offset: nil),
                ])
            #expect(try await store.placements(in: (seqs[4] + 1)...(.max), limit: 3).isEmpty)
        }
    }

    @Test("the first row of a time is found, over gaps too", arguments: StoreBackend.allCases)
    func sequenceOfTime(backend: StoreBackend) async throws {
        try await backend.withStore { store, database in
            let seqs = try await store.insert((0..<40).map { sampleOperation("op-\($0)") })
            for (index, seq) in seqs.enumerated() {
                let time = database.timeLiteral(secondsFromNow: (index / 2 - 20) * 3600)
                try database.execute("UPDATE operation SET recorded_at = \(time) WHERE seq = \(seq)")
            }
            try database.execute("DELETE FROM operation WHERE seq > \(seqs[9]) AND seq < \(seqs[30])")
            let rows = try await store.operations(in: seqs[0]...seqs[39], limit: 100, byteLimit: .max)
            let times = try rows.map { row in try #require(row.recordedAt) }
            for time in Set(times) {
                let expected = zip(rows, times).first { $0.1 >= time }?.0.seq
                #expect(try await store.sequence(recordedAtOrAfter: time) == expected)
                let before = Timestamp(microseconds: time.microseconds - 1)
                #expect(try await store.sequence(recordedAtOrAfter: before) == expected)
            }
            let last = try #require(times.last)
            let after = Timestamp(microseconds: last.microseconds + 1)
            #expect(try await store.sequence(recordedAtOrAfter: after) == nil)
        }
    }

    @Test("statistics tell what waits, what failed and why", arguments: StoreBackend.allCases)
    func statistics(backend: StoreBackend) async throws {
        try await backend.withStore { store, database in
            let seqs = try await store.insert((0..<40).map { sampleOperation("op-\($0)") })
            _ = try await store.persist(batch([sampleOperation("db-only")], status: .notRequired))
            try await store.recordAcknowledged([Acknowledgement(seq: seqs[0], partition: 0, offset: 0)])
            // 1...30 become dead letters, 29 for a reason each and two for the same; 31 and 32 wait for a retry.
            try await store.recordFailed(
                (1...32).map { index in
                    let error = index <= 2 ? "common" : "reason \(index)"
                    return PublishFailure(seq: seqs[index], error: error, delay: index == 32 ? .seconds(60) : .zero)
                })
            let claims = try await store.claimRetries(limit: 100, lease: .seconds(60))
            #expect(claims.count == 31)
            try await store.recordRetryFailed(
                claims.filter { $0.opId != "op-31" }.map { claim in
                    let isCommon = ["op-1", "op-2"].contains(claim.opId)
                    return RetryFailure(claim: claim, error: isCommon ? "common" : claim.opId, delay: nil)
                })
            try await store.releaseRetries(claims.filter { $0.opId == "op-31" })

            let old = database.timeLiteral(secondsFromNow: -1000)
            try database.execute("UPDATE operation SET recorded_at = \(old) WHERE op_id = 'op-31'")
            for opId in ["op-0", "op-1", "db-only"] {
                let older = database.timeLiteral(secondsFromNow: -5000)
                try database.execute("UPDATE operation SET recorded_at = \(older) WHERE op_id = '\(opId)'")
            }
            let statistics = try await store.statistics()
            #expect(statistics.unlogged == 7 + 2)
            #expect(statistics.retriesPending == 2)
            #expect(statistics.retriesDue == 1)
            #expect(statistics.deadLetters == 30)
            #expect(statistics.deadLetterReasons.count == 20)
            #expect(statistics.deadLetterReasons.first?.reason == "common")
            #expect(statistics.deadLetterReasons.first?.count == 2)
            let oldest = try #require(statistics.oldestUnlogged)
            let age = statistics.databaseTime.microseconds - oldest.microseconds
            #expect((999_000_000...1_100_000_000).contains(age))

            // A row that somebody deleted leaves its operation unpublished all the same.
            try database.execute("DELETE FROM trustlog_retry WHERE op_id IN ('op-3', 'op-31')")
            let orphaned = try await store.statistics()
            #expect(orphaned.unlogged == 7 + 3)
            #expect(orphaned.retriesPending == 1 && orphaned.deadLetters == 29)
            #expect(orphaned.oldestUnlogged == statistics.oldestUnlogged)
        }
    }

    @Test("the schema has a version and an identity that stays", arguments: StoreBackend.allCases)
    func schema(backend: StoreBackend) async throws {
        try await backend.withDatabase { database in
            let store = try database.open()
            #expect(try await store.schemaState() == nil)
            await expectError(.schema) { try await store.waiting(.all) }
            try await store.migrate()
            let state = try #require(try await store.schemaState())
            #expect(state.version == SchemaVersion.current)
            #expect(state.compatibleFrom <= SchemaVersion.current)
            #expect(state.databaseID.utf8.count >= 32)
            try await store.migrate()
            #expect(try await store.schemaState() == state)
            await store.close()
        }
    }

    @Test("several that migrate at once make one schema", arguments: StoreBackend.allCases)
    func concurrentMigration(backend: StoreBackend) async throws {
        try await backend.withDatabase { database in
            let stores = try (0..<4).map { _ in try database.open() }
            let states = try await withThrowingTaskGroup { group in
                for store in stores {
                    group.addTask {
                        try await store.migrate()
                        return try await store.schemaState()?.databaseID
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(Set(states).count == 1)
            for store in stores { await store.close() }
        }
    }

    @Test("a newer schema works as long as it says so", arguments: StoreBackend.allCases)
    func newerSchema(backend: StoreBackend) async throws {
        try await backend.withStore { store, database in
            try database.execute("UPDATE trustlog_schema SET version = 1000000")
            try await store.migrate()
            let compatible = try database.open()
            try await compatible.insert("a")
            await compatible.close()
            try database.execute("UPDATE trustlog_schema SET compatible_from = 999999")
            let incompatible = try database.open()
            await expectError(.schema) { try await incompatible.migrate() }
            await incompatible.close()
        }
    }

    @Test("a closed store says so, and its announcements end", arguments: StoreBackend.allCases)
    func closed(backend: StoreBackend) async throws {
        try await backend.withStore { store, _ in
            let announcements = store.announcements()
            await store.close()
            await expectError(.closed) { try await store.ping() }
            await expectError(.closed) { try await store.migrate() }
            await expectError(.closed) { try await store.schemaState() }
            await expectError(.closed) { try await store.waiting(.all) }
            await expectError(.closed) { try await store.persist(batch([sampleOperation("a")])) }
            await expectError(.closed) { try await store.claimRetries(limit: 1, lease: .seconds(1)) }
            await expectError(.closed) { try await store.statistics() }
            for await _ in announcements {}
            await store.close()
        }
    }
}
