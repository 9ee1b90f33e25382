import KafkaClient
import Observability
import OperationStore
import Synchronization
import Testing
import TrustlogCore
import TrustlogTestKit

@testable import TrustlogService

@Suite("Audit", .timeLimit(.minutes(5)))
struct AuditTests {
    private final class Notes: Audit.Observer {
        let findings = Mutex<[AuditFinding]>([])
        func reads(topicOffsets total: Int) {}
        func read(envelopes count: Int) {}
        func found(_ finding: AuditFinding) { findings.withLock { $0.append(finding) } }
    }

    /// Rows 1 to 9, published by a replay that is then recorded: row n stands at offset n - 1.
    private struct Fixture {
        let publishing: PublishingFixture
        let pair: (privatePEM: String, publicPEM: String, keyID: String)

        init() async throws {
            pair = try KeyPair.generate(.ed25519)
            publishing = try await PublishingFixture()
            try await publishing.database.insert((1...9).map { sampleOperation("op-\($0)") })
            _ = try await replay()
            try await publishing.store.recordAcknowledged(
                (1...9).map { Acknowledgement(seq: $0, partition: 0, offset: $0 - 1) })
        }

        func replay() async throws -> Replay.Result {
            let signer = try SigningKey.load(pem: Array(pair.privatePEM.utf8))
            return try await publishing.makeReplay(signer: signer, notes: ReplayNotes()).run()
        }

        func audit(topic: String = "trustlog") async throws -> (AuditReport, [AuditFinding]) {
            let notes = Notes()
            let audit = Audit(
                store: publishing.store, configuration: publishing.configuration.consumer, topic: topic,
                keys: [try PublicKey.load(pem: Array(pair.publicPEM.utf8))], limit: .seconds(10),
                logger: publishing.logs.logger())
            let report = try await audit.run(notes)
            return (report, notes.findings.withLock { $0 })
        }
    }

    @Test("a table and a topic that agree, with repeats, rows that wait, and rows that were never to be published")
    func agree() async throws {
        let fixture = try await Fixture()
        _ = try await fixture.replay()
        try await fixture.publishing.database.execute(
            """
            UPDATE operation SET trustlog_offset = 11 WHERE seq = 3;
            UPDATE operation SET trustlog_offset = NULL WHERE seq = 4;
            UPDATE operation SET trustlog_status = 'NOT_REQUIRED', trustlogged_at = NULL, trustlog_partition = NULL,
                trustlog_offset = NULL WHERE seq = 5;
            """)
        try await fixture.publishing.database.insert([sampleOperation("waiting"), sampleOperation("failed")])
        try await fixture.publishing.store.recordFailed([PublishFailure(seq: 11, error: "e", delay: .seconds(9))])
        let (report, findings) = try await fixture.audit()
        #expect(findings.isEmpty && report.faults == 0)
        var expected = AuditReport()
        (expected.rows, expected.trustlogged, expected.waiting, expected.failed) = (11, 8, 1, 1)
        (expected.notRequired, expected.envelopes, expected.repeats, expected.confirmed) = (1, 18, 9, 8)
        #expect(report == expected)
    }

    @Test("each way in which they can disagree is found and named")
    func disagree() async throws {
        let fixture = try await Fixture()
        let other = try KeyPair.generate(.ed25519)
        let forged = try EnvelopeEncoder(signers: [SigningKey.load(pem: Array(other.privatePEM.utf8))]).encode(
            record: Record.encode(sampleOperation("op-1"), source: nil))
        let feeder = try TopicFeeder(fixture.publishing.servers)
        await feeder.send([forged, Array("garbage".utf8), nil], to: "trustlog")
        await feeder.close()
        try await fixture.publishing.database.execute(
            """
            DELETE FROM operation WHERE seq = 2;
            UPDATE operation SET op_actor = 'somebody else' WHERE seq = 3;
            UPDATE operation SET trustlog_offset = 999 WHERE seq = 4;
            UPDATE operation SET trustlog_partition = 8 WHERE seq = 5;
            UPDATE operation SET trustlog_offset = 9 WHERE seq = 6;
            """)
        let (report, findings) = try await fixture.audit()
        #expect(report.envelopes == 12 && report.rows == 8 && report.confirmed == 4)
        #expect(report.invalid == 3 && report.unknown == 1 && report.different == 1 && report.missing == 3)
        func find(_ kind: AuditFinding.Kind) -> [AuditFinding] { findings.filter { $0.kind == kind } }
        #expect(find(.invalid).map(\.offset) == [9, 10, 11])
        #expect(find(.invalid).first?.reason == "no signature of a known key verifies")
        #expect(find(.unknown).map(\.opId) == ["op-2"])
        #expect(find(.different).map(\.seq) == [3] && find(.different).map(\.offset) == [2])
        #expect(find(.missing).map(\.seq) == [4, 5, 6])
        #expect(find(.missing)[0].reason.contains("ends in front of offset 999"))
        #expect(find(.missing)[0].reason.contains("at another place"))
        #expect(find(.missing)[1].reason.contains("no partition 8"))
        #expect(find(.missing)[2].reason.contains("no valid envelope of it stands there"))
    }

    @Test("rows whose envelopes the topic no longer has are expired, not missing")
    func expired() {
        var ledger = AuditLedger()
        let rows = [
            RowPlacement(seq: 1, opId: "a", status: .trustlogged, partition: 0, offset: 4),
            RowPlacement(seq: 2, opId: "b", status: .trustlogged, partition: 0, offset: 5),
            RowPlacement(seq: 3, opId: "c", status: .trustlogged, partition: nil, offset: nil),
        ]
        for row in rows { ledger.expect(row) }
        let ranges: [Int32: PartitionRange] = [0: PartitionRange(partition: 0, low: 5, high: 9)]
        let findings = rows.compactMap { ledger.close($0, ranges) }
        #expect(findings.map(\.seq) == [2])
        #expect(ledger.report.expired == 2 && ledger.report.missing == 1)
    }

    @Test("what is published while the audit reads is not missing")
    func meanwhile() {
        var ledger = AuditLedger()
        var row = RowPlacement(seq: 1, opId: "a", status: .notTrustlogged, partition: nil, offset: nil)
        ledger.expect(row)
        (row.status, row.partition, row.offset) = (.trustlogged, 0, 77)
        let ranges: [Int32: PartitionRange] = [0: PartitionRange(partition: 0, low: 0, high: 9)]
        #expect(ledger.close(row, ranges) == nil && ledger.report.faults == 0)
    }

    @Test("a topic that is not there, and a database that is away, are failures and no findings")
    func unreachable() async throws {
        let fixture = try await Fixture()
        fixture.publishing.cluster.setTopicError("nope", KafkaError.unknownTopicOrPartition)
        do {
            _ = try await fixture.audit(topic: "nope")
            Issue.record("audited")
        } catch {
            guard case .topic = error as? Audit.Failure else { throw error }
        }
    }
}
