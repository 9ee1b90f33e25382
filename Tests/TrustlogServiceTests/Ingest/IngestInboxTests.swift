import KafkaClient
import Testing

@testable import TrustlogService

@Suite("Ingest inbox")
struct IngestInboxTests {
    private let one = TopicPartition(topic: "operations", partition: 1)

    @Test("positions are taken once, the last one of each partition")
    func takenOnce() {
        var inbox = IngestInbox()
        inbox.put(5, of: partitionZero, epoch: 1)
        inbox.put(9, of: partitionZero, epoch: 1)
        inbox.put(2, of: one, epoch: 1)
        let current = [partitionZero: 1, one: 1]
        #expect(inbox.takeCommittable(current) == [partitionZero: 9, one: 2])
        #expect(inbox.takeCommittable(current).isEmpty)
    }

    @Test("positions of an assignment that is over are never committed, even if the partition came back")
    func stalePosition() {
        var inbox = IngestInbox()
        inbox.put(5, of: partitionZero, epoch: 1)
        inbox.put(6, of: one, epoch: 1)
        #expect(inbox.takeCommittable([partitionZero: 2]).isEmpty)
        #expect(inbox.takeCommittable([partitionZero: 1, one: 1]).isEmpty)
    }

    @Test("partitions are read again once, unless they were revoked or read again since")
    func rewinds() {
        var inbox = IngestInbox()
        inbox.rewind([partitionZero: 2, one: 1])
        inbox.rewind([partitionZero: 1])
        #expect(inbox.takeRewinds([partitionZero: 2, one: 3]) == [partitionZero])
        #expect(inbox.takeRewinds([partitionZero: 2, one: 1]).isEmpty)
    }

    @Test("the last word on a partition's flow counts")
    func flow() {
        var inbox = IngestInbox()
        inbox.pause([partitionZero: 1, one: 1])
        inbox.resume([partitionZero: 1])
        let flow = inbox.takeFlow([partitionZero: 1, one: 1])
        #expect(flow.pause == [one] && flow.resume == [partitionZero])
        inbox.resume([one: 1])
        inbox.pause([one: 1])
        let next = inbox.takeFlow([partitionZero: 1, one: 1])
        #expect(next.pause == [one] && next.resume.isEmpty)
        #expect(inbox.takeFlow([one: 1]).pause.isEmpty)
    }

    @Test("a pause meant for an assignment that is over stops nothing")
    func staleFlow() {
        var inbox = IngestInbox()
        inbox.pause([partitionZero: 1])
        inbox.resume([one: 1])
        let flow = inbox.takeFlow([partitionZero: 2])
        #expect(flow.pause.isEmpty && flow.resume.isEmpty)
    }

    @Test("what the database told late never takes the place of a newer answer")
    func lateAnswer() {
        var inbox = IngestInbox()
        inbox.put(.init(epoch: 2, positions: [partitionZero: 7], databaseID: "db"))
        inbox.put(.init(epoch: 1, positions: [:], databaseID: "db"))
        #expect(inbox.stored?.epoch == 2)
        inbox.put(.init(epoch: 3, positions: [:], databaseID: "db"))
        #expect(inbox.stored?.epoch == 3)
    }
}
