import OperationStore
import Testing
import TrustlogCore

@Suite("StoreConformance: positions of the consumer")
struct PositionConformance {
    private func position(_ partition: Int32, _ nextOffset: Int64, topic: String = "operations") -> ConsumerPosition {
        ConsumerPosition(topic: topic, partition: partition, nextOffset: nextOffset)
    }

    @Test("positions move with the rows, each group and topic by itself", arguments: StoreBackend.allCases)
    func moveWithRows(backend: StoreBackend) async throws {
        try await backend.withStore { store, _ in
            #expect(try await store.positions(group: "group", topic: "operations").isEmpty)
            let result = try await store.persist(batch([sampleOperation("a")], firstOffset: 41))
            #expect(result.positions == [position(0, 42)])
            #expect(try await store.positions(group: "group", topic: "operations") == [position(0, 42)])
            #expect(try await store.positions(group: "other", topic: "operations").isEmpty)
            #expect(try await store.positions(group: "group", topic: "Operations").isEmpty)
        }
    }

    @Test("a position stops at the first conflict of its partition, and no other's", arguments: StoreBackend.allCases)
    func capped(backend: StoreBackend) async throws {
        try await backend.withStore { store, _ in
            try await store.insert("x", "y")
            let rows = [
                incoming(sampleOperation("a"), partition: 0, offset: 10),
                incoming(sampleOperation("x", doid: "other"), partition: 1, offset: 20),
                incoming(sampleOperation("b"), partition: 1, offset: 21),
                incoming(sampleOperation("y", doid: "other"), partition: 1, offset: 22),
                incoming(sampleOperation("a"), partition: 0, offset: 11),
            ]
            let result = try await store.persist(
                IngestBatch(
                    group: "g", initialStatus: .waiting, rows: rows,
                    positions: [position(0, 12), position(1, 23), position(2, 5)]))
            #expect(result.outcomes == [.inserted, .conflict, .inserted, .conflict, .duplicate])
            let expected = [position(0, 12), position(1, 20), position(2, 5)]
            #expect(result.positions == expected)
            #expect(try await store.positions(group: "g", topic: "operations") == expected)

            try await store.advance([position(1, 23)], group: "g")
            #expect(try await store.positions(group: "g", topic: "operations")[1] == position(1, 23))
        }
    }

    @Test("positions may go back: a reset of the group is obeyed", arguments: StoreBackend.allCases)
    func goBack(backend: StoreBackend) async throws {
        try await backend.withStore { store, _ in
            try await store.advance([position(0, 100), position(1, 7)], group: "g")
            try await store.advance([position(0, 3)], group: "g")
            #expect(try await store.positions(group: "g", topic: "operations") == [position(0, 3), position(1, 7)])
            try await store.advance([], group: "g")
        }
    }
}
