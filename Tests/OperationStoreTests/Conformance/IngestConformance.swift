import OperationStore
import Testing
import TrustlogCore

@Suite("StoreConformance: ingest")
struct IngestConformance {
    @Test("rows are inserted in the order of the batch and come back as they were", arguments: StoreBackend.allCases)
    func roundTrip(backend: StoreBackend) async throws {
        try await backend.withStore { store, _ in
            let operations = (0..<5).map { sampleOperation("op-\($0)") }
            let result = try await store.persist(batch(operations))
            #expect(result.outcomes == Array(repeating: .inserted, count: 5))
            let rows = try await store.waiting(.all)
            #expect(rows.map(\.opId) == operations.map(\.opId))
            #expect(rows.map(\.seq) == rows.map(\.seq).sorted())
            for (row, operation) in zip(rows, operations) {
                expectSame(try row.content.get().operation, operation)
            }
        }
    }

    @Test("the source, the headers and the time of recording are kept", arguments: StoreBackend.allCases)
    func sourceAndHeaders(backend: StoreBackend) async throws {
        try await backend.withStore { store, _ in
            let source = RecordSource(topic: "töpic", partition: 7, offset: .max - 1, digest: sampleDigest)
            let row = IncomingOperation(
                operation: sampleOperation("a"), source: source, headers: #"{"traceparent":"00-é"}"#)
            let result = try await store.persist(
                IngestBatch(group: "g", initialStatus: .waiting, rows: [row], positions: []))
            #expect(result.outcomes == [.inserted])
            let stored = try #require(try await store.waiting(.all).first)
            let content = try stored.content.get()
            #expect(content.source?.topic == "töpic")
            #expect(content.source?.partition == 7)
            #expect(content.source?.offset == Int64.max - 1)
            #expect(content.source?.digest == sampleDigest)
            #expect(content.headers == #"{"traceparent":"00-é"}"#)
            let now = try await store.statistics().databaseTime
            let recorded = try #require(stored.recordedAt)
            #expect(abs(now.microseconds - recorded.microseconds) < 60_000_000)
        }
    }

    @Test("the same operation again is a duplicate, whatever its source", arguments: StoreBackend.allCases)
    func duplicates(backend: StoreBackend) async throws {
        try await backend.withStore { store, _ in
            let operation = sampleOperation("a", extra: #"{"a":1}"#)
            let first = try await store.persist(batch([operation]))
            let again = try await store.persist(batch([operation], firstOffset: 10))
            #expect(first.outcomes == [.inserted])
            #expect(again.outcomes == [.duplicate])
            #expect(try await store.operationCounts().total == 1)
            #expect(try await store.waiting(.all).first?.content.get().source?.offset == 0)
        }
    }

    @Test(
        "within a batch the first one stays: later ones are duplicates or conflicts", arguments: StoreBackend.allCases)
    func withinABatch(backend: StoreBackend) async throws {
        try await backend.withStore { store, _ in
            let result = try await store.persist(
                batch([
                    sampleOperation("a"), sampleOperation("b"), sampleOperation("a"),
                    sampleOperation("a", opType: "OTHER"), sampleOperation("c"),
                ]))
            #expect(result.outcomes == [.inserted, .inserted, .duplicate, .conflict, .inserted])
            #expect(try await store.waiting(.all).map(\.opId) == ["a", "b", "c"])
            #expect(try await store.operation(opId: "a")?.row.operation?.opType == "OC_REGISTER")
        }
    }

    @Test("every field makes a conflict of a second operation", arguments: StoreBackend.allCases)
    func conflictByField(backend: StoreBackend) async throws {
        try await backend.withStore { store, _ in
            let original = sampleOperation("a")
            let changes: [@Sendable (inout Operation) -> Void] = [
                { $0.timestamp.microseconds += 1 }, { $0.opSource = "x" }, { $0.opType = "x" },
                { $0.doPrefix = "x" }, { $0.doRepository = "x" }, { $0.doid = "x" }, { $0.producerId = "x" },
                { $0.opActor = "x" }, { $0.requestBodyHash = "" }, { $0.responseBodyHash = "" },
                { $0.clientIp = "::1" }, { $0.serverIp = "::1" }, { $0.extra = #"{"a":null}"# },
            ]
            let changed = changes.map { change in
                var operation = original
                change(&operation)
                return operation
            }
            let result = try await store.persist(batch([original] + changed))
            #expect(result.outcomes == [.inserted] + Array(repeating: .conflict, count: changes.count))
        }
    }

    @Test("identities are compared byte by byte", arguments: StoreBackend.allCases)
    func identities(backend: StoreBackend) async throws {
        try await backend.withStore { store, _ in
            // Case, trailing spaces, composed and decomposed forms.
            let opIds = ["a", "A", "a ", "a  ", " a", "\u{e9}", "e\u{301}", "\u{df}", "ss"]
            let result = try await store.persist(batch(opIds.map { sampleOperation($0) }))
            #expect(result.outcomes == Array(repeating: .inserted, count: opIds.count))
            for opId in opIds {
                let found = try #require(try await store.operation(opId: opId))
                #expect(found.row.opId.map { ExactText($0) } == ExactText(opId))
            }
        }
    }

    @Test("a row that another connection wrote is a duplicate or a conflict", arguments: StoreBackend.allCases)
    func againstAnotherConnection(backend: StoreBackend) async throws {
        try await backend.withStore { store, database in
            let other = try database.open()
            try await other.insert("a", "b")
            let result = try await store.persist(
                batch([sampleOperation("a"), sampleOperation("b", doid: "other"), sampleOperation("c")]))
            #expect(result.outcomes == [.duplicate, .conflict, .inserted])
            await other.close()
        }
    }

    @Test("an operation that an application wrote is a duplicate too", arguments: StoreBackend.allCases)
    func againstAnApplication(backend: StoreBackend) async throws {
        try await backend.withStore { store, database in
            try database.execute(minimalInsert("a"))
            let written = try #require(try await store.operation(opId: "a")?.row.operation)
            var other = written
            other.opActor = "somebody else"
            let result = try await store.persist(batch([written, other]))
            #expect(result.outcomes == [.duplicate, .conflict])
        }
    }

    @Test("a row with the status of db-only never waits", arguments: StoreBackend.allCases)
    func notRequired(backend: StoreBackend) async throws {
        try await backend.withStore { store, _ in
            _ = try await store.persist(batch([sampleOperation("a")], status: .notRequired))
            #expect(try await store.waiting(.all).isEmpty)
            #expect(try await store.operation(opId: "a")?.status == .notRequired)
            #expect(try await store.statistics().unlogged == 0)
        }
    }

    @Test("an empty batch moves positions and nothing else", arguments: StoreBackend.allCases)
    func emptyBatch(backend: StoreBackend) async throws {
        try await backend.withStore { store, _ in
            let empty = IngestBatch(group: "g", initialStatus: .waiting, rows: [], positions: [])
            let nothing = try await store.persist(empty)
            #expect(nothing.outcomes.isEmpty)
            #expect(nothing.positions.isEmpty)
            var moving = empty
            moving.positions = [ConsumerPosition(topic: "t", partition: 3, nextOffset: 42)]
            #expect(try await store.persist(moving).positions == moving.positions)
            #expect(try await store.positions(group: "g", topic: "t") == moving.positions)
            #expect(try await store.operationCounts().total == 0)
        }
    }

    @Test("10,000 rows in one batch keep their order", arguments: StoreBackend.allCases)
    func largeBatch(backend: StoreBackend) async throws {
        try await backend.withStore { store, _ in
            let operations = (0..<10_000).map { sampleOperation("op-\($0 * 7919 % 10_000)") }
            let result = try await store.persist(batch(operations))
            #expect(result.outcomes.allSatisfy { $0 == .inserted })
            let rows = try await store.waiting(.all)
            #expect(rows.map(\.opId) == operations.map(\.opId))
            let again = try await store.persist(batch(operations))
            #expect(again.outcomes.allSatisfy { $0 == .duplicate })
        }
    }

    @Test("the same batch from two stores at once is inserted once", arguments: StoreBackend.allCases)
    func concurrentWriters(backend: StoreBackend) async throws {
        try await backend.withDatabase { database in
            let stores = try [database.open(), database.open()]
            try await stores[0].migrate()
            let operations = (0..<500).map { sampleOperation("op-\($0)") }
            let outcomes = try await withThrowingTaskGroup { group in
                for store in stores {
                    group.addTask { try await store.persist(batch(operations)).outcomes }
                }
                return try await group.reduce(into: []) { $0 += $1 }
            }
            #expect(outcomes.count { $0 == .inserted } == 500)
            #expect(outcomes.count { $0 == .duplicate } == 500)
            for store in stores { await store.close() }
        }
    }
}

/// An application's own `INSERT`: only what section 1 of the contract requires.
func minimalInsert(_ opId: String, columns: String = "", values: String = "") -> String {
    """
    INSERT INTO operation (op_id, op_timestamp, op_source, op_type, do_prefix, do_repository, doid, producer_id, op_actor
        \(columns))
    VALUES ('\(opId)', '2026-01-31 08:15:00.250', 'IRP', 'OC_REGISTER', '86.1000', '86.1000/repository',
        '86.1000/object', 'producer-1', 'actor-1' \(values))
    """
}
