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
                #expect(Record.hasSameContent(try row.content.get().operation, operation))
            }
        }
    }
}
