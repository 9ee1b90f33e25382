import OperationStore
import Testing
import TrustlogCore

@Suite("StoreConformance: rows that the database refuses")
struct RefusalConformance {
    @Test(
        "a refused row is isolated: its neighbours are inserted, its position waits", arguments: StoreBackend.allCases)
    func isolated(backend: StoreBackend) async throws {
        try await backend.withStore { store, _ in
            // Past the checks of the decoder: the constraints of the schema are the last line.
            let result = try await store.persist(
                batch([sampleOperation("a"), sampleOperation("b", opType: ""), sampleOperation("c")], firstOffset: 5))
            guard result.outcomes.count == 3, case .refused(let reason) = result.outcomes[1] else {
                Issue.record("not refused: \(result.outcomes)")
                return
            }
            #expect(!reason.isEmpty)
            #expect(result.outcomes[0] == .inserted)
            #expect(result.outcomes[2] == .inserted)
            #expect(result.positions.map(\.nextOffset) == [6])
            #expect(try await store.waiting(.all).map(\.opId) == ["a", "c"])
        }
    }

    @Test("a refused row alone in its batch is told from a table that refuses all", arguments: StoreBackend.allCases)
    func alone(backend: StoreBackend) async throws {
        try await backend.withStore { store, _ in
            let result = try await store.persist(batch([sampleOperation("b", opType: "")]))
            guard case .refused = result.outcomes.first else {
                Issue.record("not refused: \(result.outcomes)")
                return
            }
            #expect(try await store.operationCounts().total == 0)
        }
    }

    @Test("a table that refuses every row is nobody's fault: nothing is written", arguments: StoreBackend.allCases)
    func everybody(backend: StoreBackend) async throws {
        try await backend.withStore { store, database in
            try await store.insert("before")
            for sql in database.refuseEveryInsert { try database.execute(sql) }
            await expectError(.unavailable) {
                try await store.persist(batch([sampleOperation("a"), sampleOperation("b")]))
            }
            #expect(try await store.operationCounts().total == 1)
            #expect(try await store.positions(group: "group", topic: "operations").map(\.nextOffset) == [1])
        }
    }

    @Test("what section 1 forbids is refused at the byte, what it allows is kept", arguments: StoreBackend.allCases)
    func limits(backend: StoreBackend) async throws {
        try await backend.withStore { store, _ in
            typealias Column = (limit: Int, set: @Sendable (inout Operation, String) -> Void)
            let columns: [Column] = [
                (128, { $0.opId = $1 }), (64, { $0.opSource = $1 }), (64, { $0.opType = $1 }),
                (256, { $0.doPrefix = $1 }), (256, { $0.doRepository = $1 }), (512, { $0.doid = $1 }),
                (256, { $0.producerId = $1 }), (256, { $0.opActor = $1 }), (256, { $0.requestBodyHash = $1 }),
                (256, { $0.responseBodyHash = $1 }),
            ]
            for (index, column) in columns.enumerated() {
                // Two bytes a character, so that characters are not mistaken for bytes.
                let longest = String(repeating: "é", count: column.limit / 2)
                var fits = sampleOperation("fits-\(index)")
                column.set(&fits, longest)
                var over = sampleOperation("over-\(index)")
                column.set(&over, longest + "x")
                let outcomes = try await store.persist(batch([fits, over])).outcomes
                #expect(outcomes.first == .inserted, "column \(index)")
                guard case .refused = outcomes.last else {
                    Issue.record("column \(index) takes \(column.limit + 1) bytes: \(outcomes)")
                    continue
                }
                let detail = try #require(try await store.operation(opId: fits.opId))
                expectSame(try detail.row.content.get().operation, fits)
            }
        }
    }
}

/// Expects a ``StoreError`` of this kind with a message.
func expectError(
    _ kind: StoreError.Kind, sourceLocation: SourceLocation = #_sourceLocation,
    _ body: () async throws -> some Any
) async {
    do {
        _ = try await body()
        Issue.record("no error", sourceLocation: sourceLocation)
    } catch let error as StoreError {
        #expect(error.kind == kind, "\(error)", sourceLocation: sourceLocation)
        #expect(!error.message.isEmpty, sourceLocation: sourceLocation)
    } catch {
        Issue.record(error, sourceLocation: sourceLocation)
    }
}
