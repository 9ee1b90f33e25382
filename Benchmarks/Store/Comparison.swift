import OperationStore

/// One round: the same rows for both sides, each into empty tables.
struct Comparison {
    private let batches: [IngestBatch]
    private let store: any OperationStore
    private let bare: any BareDriver
    private let rows: Int

    /// As `input.batch-size` is by default, and as the recorder cuts what was acknowledged.
    private static let batchSize = 5_000
    private static let chunkSize = 4_000

    init(rows count: Int, round: Int, store: any OperationStore, bare: any BareDriver) {
        let rows = Rows.make(count, round: round)
        batches = stride(from: 0, to: count, by: Self.batchSize).map { start in
            IngestBatch(
                group: "benchmark", initialStatus: .waiting,
                rows: Array(rows[start..<min(start + Self.batchSize, count)]),
                positions: Rows.positions(after: start + Self.batchSize))
        }
        (self.rows, self.store, self.bare) = (count, store, bare)
    }

    /// - Returns: rows a second.
    func measureBare() throws -> (ingest: Double, acknowledge: Double) {
        try bare.reset()
        bare.encode(batches)
        try bare.settle()
        let ingest = try timed { try bare.ingest() }
        bare.encode(try acknowledgements())
        try bare.settle()
        let acknowledge = try timed { try bare.acknowledge() }
        try expectAllThere()
        return (ingest, acknowledge)
    }

    func measureStore() async throws -> (ingest: Double, acknowledge: Double) {
        try bare.reset()
        try bare.settle()
        var begin = ContinuousClock.now
        for batch in batches {
            let outcomes = try await store.persist(batch).outcomes
            guard outcomes.allSatisfy({ $0 == .inserted }) else { throw BareError("a row was not inserted") }
        }
        let ingest = speed(since: begin)
        let chunks = try acknowledgements()
        try bare.settle()
        begin = .now
        for chunk in chunks { try await store.recordAcknowledged(chunk) }
        let acknowledge = speed(since: begin)
        try expectAllThere()
        return (ingest, acknowledge)
    }

    private func acknowledgements() throws -> [[Acknowledgement]] {
        let first = try bare.firstSequence()
        return stride(from: 0, to: rows, by: Self.chunkSize).map { start in
            (start..<min(start + Self.chunkSize, rows)).map { number in
                Acknowledgement(seq: first + Int64(number), partition: Int32(number % 4), offset: Int64(number))
            }
        }
    }

    private func expectAllThere() throws {
        let count = try bare.count(status: "TRUSTLOGGED")
        guard count == rows else { throw BareError("\(count) of \(rows) rows are TRUSTLOGGED") }
    }

    private func timed(_ body: () throws -> Void) rethrows -> Double {
        let begin = ContinuousClock.now
        try body()
        return speed(since: begin)
    }

    private func speed(since begin: ContinuousClock.Instant) -> Double {
        let (seconds, attoseconds) = (ContinuousClock.now - begin).components
        return Double(rows) / (Double(seconds) + Double(attoseconds) * 1e-18)
    }
}
