import OperationStore
import Testing
import TrustlogCore

/// An operation that keeps the contract, with the fields that a test cares for.
func sampleOperation(
    _ opId: String, doid: String = "86.1000/object", opType: String = "OC_REGISTER",
    timestamp: Timestamp = Timestamp(microseconds: 1_700_000_000_123_456), extra: String? = nil
) -> Operation {
    Operation(
        opId: opId, timestamp: timestamp, opSource: "IRP", opType: opType, doPrefix: "86.1000",
        doRepository: "86.1000/repository", doid: doid, producerId: "producer-1", opActor: "actor-1", extra: extra)
}

let sampleDigest = String(repeating: "0123456789abcdef", count: 4)

/// The same as it arrives from Kafka.
func incoming(
    _ operation: Operation, topic: String = "operations", partition: Int32 = 0, offset: Int64 = 0,
    headers: String? = nil
) -> IncomingOperation {
    IncomingOperation(
        operation: operation,
        source: RecordSource(topic: topic, partition: partition, offset: offset, digest: sampleDigest),
        headers: headers)
}

/// Rows of one partition, from offset 0 on.
func batch(
    _ operations: [Operation], group: String = "group", status: IngestBatch.InitialStatus = .waiting,
    firstOffset: Int64 = 0
) -> IngestBatch {
    let rows = operations.enumerated().map { index, operation in
        incoming(operation, offset: firstOffset + Int64(index))
    }
    return IngestBatch(
        group: group, initialStatus: status, rows: rows,
        positions: [
            ConsumerPosition(
                topic: "operations", partition: 0, nextOffset: firstOffset + Int64(operations.count))
        ])
}

extension WaitingScan {
    /// Everything that waits.
    static let all = WaitingScan(
        cursor: 0, cursorCount: 1, after: 0, through: nil, limit: 100_000, byteLimit: .max)
}

extension StoredRow {
    var operation: Operation? { try? content.get().operation }
}

extension OperationStore {
    /// Inserts operations and returns their `seq`, in order.
    @discardableResult
    func insert(_ operations: [Operation]) async throws -> [Int64] {
        let result = try await persist(batch(operations))
        guard result.outcomes.allSatisfy({ $0 == .inserted }) else { throw UnexpectedOutcome(result.outcomes) }
        var sequences: [Int64] = []
        for operation in operations {
            if let detail = try await self.operation(opId: operation.opId) { sequences.append(detail.row.seq) }
        }
        return sequences
    }

    @discardableResult
    func insert(_ opIds: String...) async throws -> [Int64] {
        try await insert(opIds.map { sampleOperation($0) })
    }
}

struct UnexpectedOutcome: Error {
    var outcomes: [PersistResult.Outcome]

    init(_ outcomes: [PersistResult.Outcome]) {
        self.outcomes = outcomes
    }
}

/// Expects two operations to have the same record but for the source.
func expectSame(_ left: Operation, _ right: Operation, sourceLocation: SourceLocation = #_sourceLocation) {
    #expect(Record.hasSameContent(left, right), "\(left) is not \(right)", sourceLocation: sourceLocation)
}
