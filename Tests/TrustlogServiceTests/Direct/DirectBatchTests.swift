import KafkaClient
import Observability
import OperationStore
import Testing
import TrustlogCore

@testable import TrustlogService

@Suite("Batches of trustlog-only")
struct DirectBatchTests {
    /// One message each: a record, or poison where the value is no JSON.
    private func batch(_ values: [String]) -> DirectBatch {
        var consumed = ConsumedBatch()
        for (index, text) in values.enumerated() {
            let value = Array(text.utf8)
            value.withUnsafeBytes { value in
                consumed.arena.begin(topic: "operations", partition: 0, offset: Int64(index), key: nil, value: value)
            }
            if text.hasPrefix("{") {
                consumed.rows.append(
                    IncomingOperation(operation: sampleOperation("op-\(index)"), source: nil, headers: nil))
                consumed.messageOfRow.append(index)
            } else {
                consumed.rejected.append((index, Rejection(code: .malformed, message: "no JSON")))
            }
        }
        consumed.epochs[partitionZero] = 1
        consumed.nextOffsets[partitionZero] = Int64(values.count)
        return DirectBatch(consumed, envelopes: values.filter { $0.hasPrefix("{") }.map { Array($0.utf8) })
    }

    private func failures(_ items: [DirectItem], _ codes: [Int32?], _ error: KafkaError? = nil) -> DirectFailures {
        let results = codes.map { code -> DeliveryResult in
            code.map { .failed(KafkaError(code: $0), mayBeStored: false) } ?? .delivered(partition: 0, offset: 1)
        }
        return DirectFailures(items, results, error, output: "trustlog", deadLetters: "dead")
    }

    @Test("records and dead letters stand in the order consumed")
    func order() {
        let batch = batch(["{0}", "poison", "{2}"])
        #expect(batch.items.map(\.message) == [0, 1, 2])
        #expect(batch.items.map(\.isRecord) == [true, false, true])
        #expect(batch.items.map(\.nextOffset) == [1, 2, 3])
    }

    @Test("what may be too large goes alone, the others keep their order")
    func isolation() {
        let large = "{" + String(repeating: "x", count: 50_000)
        let batch = batch(["{0}", large, "{2}", "{3}", String(repeating: "y", count: 50_000)])
        let pieces = batch.isolating(largerThan: 20_000)
        #expect(pieces.map { $0.map(\.message) } == [[0], [1], [2, 3], [4]])
        #expect(batch.isolating(largerThan: .max).map { $0.map(\.message) } == [[0, 1, 2, 3, 4]])
    }

    @Test("a refusal is told from an outage, a gap, the group's fence and a dead-letter topic that is away")
    func causes() {
        let items = batch(["{0}", "{1}", "poison"]).items
        func cause(_ codes: [Int32?], _ error: KafkaError? = nil) -> DirectFailures.Cause {
            failures(items, codes, error).cause
        }
        guard case .refusal(.tooLarge, let message) = cause([nil, KafkaError.messageTooLarge, nil]) else {
            Issue.record("a record that is too large is no refusal")
            return
        }
        #expect(message.contains("topic trustlog"))
        guard case .outage = cause([KafkaError.notEnoughReplicas, nil, KafkaError.unknownTopic]) else {
            Issue.record("too few replicas are no outage")
            return
        }
        guard case .deadLetterTopic(let reason) = cause([nil, nil, KafkaError.unknownTopic]) else {
            Issue.record("a missing dead-letter topic is not told")
            return
        }
        #expect(reason.contains("dead-letter topic dead"))
        for code in [KafkaError.outOfOrderSequence, KafkaError.unknownProducerID] {
            guard case .gap = cause([code, KafkaError.purgedFromQueue, nil]) else {
                Issue.record("a gap is blamed on a message")
                return
            }
        }
        guard case .gap = cause([nil, nil, nil], KafkaError(code: KafkaError.invalidState)) else {
            Issue.record("a transaction that had failed before is not repeated")
            return
        }
        for code in [KafkaError.illegalGeneration, KafkaError.unknownMember, KafkaError.fencedInstance] {
            guard case .membership = cause([nil, nil, nil], KafkaError(code: code)) else {
                Issue.record("the fence of the group is not told")
                return
            }
        }
        guard case .outage = cause([], KafkaError(code: KafkaError.transport)) else {
            Issue.record("a broker that is away is no outage")
            return
        }
    }

    @Test("few that were refused are told apart at once, more by halves")
    func splits() {
        let items = batch((0..<8).map { "{\($0)}" }).items
        let one = failures(items, [nil, nil, KafkaError.messageTooLarge, nil, nil, nil, nil, nil]).split(items)
        #expect(one.map { $0.map(\.message) } == [[0, 1], [2], [3, 4, 5, 6, 7]])
        let all = failures(items, Array(repeating: KafkaError.messageTooLarge, count: 8)).split(items)
        #expect(all.map { $0.map(\.message) } == [[0, 1, 2, 3], [4, 5, 6, 7]])
    }

    @Test("envelopes come in the order of their rows, however many lanes sign them")
    func signing() async throws {
        let signer = ParallelSigner(
            encoder: EnvelopeEncoder(signers: [try makeSigner()]), laneCount: 3, metrics: .init(version: "test"))
        let rows = (0..<10).map {
            IncomingOperation(operation: sampleOperation("op-\($0)"), source: nil, headers: nil)
        }
        let envelopes = try await signer.sign(rows)
        let opIds = try envelopes.map { try UnverifiedEnvelope($0).operation().opId }
        #expect(opIds == (0..<10).map { "op-\($0)" })
        let broken = ParallelSigner(
            encoder: EnvelopeEncoder(signers: [BrokenSigner()]), laneCount: 3, metrics: .init(version: "test"))
        await #expect(throws: SigningError.self) { try await broken.sign(rows) }
    }
}
