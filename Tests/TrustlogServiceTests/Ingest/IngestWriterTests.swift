import BlockingExecutor
import KafkaClient
import Observability
import OperationStore
import Testing
import TrustlogCore
import TrustlogTestKit

@testable import TrustlogService

@Suite("Ingest writer", .timeLimit(.minutes(5)))
struct IngestWriterTests {
    @Test("rows and positions are written in one batch, and only then may the position be committed")
    func persists() async throws {
        let fixture = try await WriterFixture()
        let gate = fixture.store.hold(.persist)
        fixture.accept(fixture.batch(["a", "b"], from: 10))
        try await eventually { gate.arrivals == 1 }
        #expect(fixture.committable().isEmpty)
        gate.open()
        try await fixture.settled()
        #expect(fixture.committable() == [partitionZero: 12])
        #expect(try await fixture.database.nextOffset() == 12)
        #expect(fixture.metrics.operationsPersisted.value == 2)
        try await fixture.stop()
    }

    @Test("a duplicate is counted and dropped; the position passes it")
    func duplicate() async throws {
        let fixture = try await WriterFixture()
        fixture.accept(fixture.batch(["a"], from: 0))
        fixture.accept(fixture.batch(["a", "b"], from: 1))
        try await fixture.settled()
        #expect(fixture.metrics.operationsDuplicate.value == 1)
        #expect(fixture.committable() == [partitionZero: 3])
        try await fixture.stop()
    }

    @Test("what conflicts goes to the dead-letter topic, the first one stays, and the position waits for the letter")
    func conflict() async throws {
        let fixture = try await WriterFixture(deadLetterTopicExists: false)
        fixture.accept(fixture.batch(["a"], from: 0))
        fixture.accept(fixture.batch(["a", "b"], from: 1, doid: "86.1000/other"))
        try await eventually("the partition waits") { fixture.state.waiting.map(\.partition) == [partitionZero] }
        try await eventually { fixture.committable() == [partitionZero: 1] }
        #expect(try await fixture.database.nextOffset() == 1)
        try await eventually { fixture.inbox.withLock { $0.takeFlow([partitionZero: 1]) }.pause == [partitionZero] }

        try fixture.createDeadLetterTopic()
        try await eventually("the position moves on") { try await fixture.database.nextOffset() == 3 }
        try await eventually { fixture.committable() == [partitionZero: 3] }
        try await eventually { fixture.inbox.withLock { $0.takeFlow([partitionZero: 1]) }.resume == [partitionZero] }
        try await eventually { fixture.state.waiting.isEmpty }
        #expect(fixture.metrics.deadLettered[.conflict].value == 1)
        let letters = try await read("operations.dead-letter", of: fixture.servers) { $0.count == 1 }
        #expect(letters.first?.header("trustlog-error-code") == "conflict")
        #expect(letters.first?.header("trustlog-error-field") == "opId")
        #expect(letters.first?.header("__connect.errors.offset") == "1")
        try await fixture.stop()
    }

    @Test("a position never passes a rejected message before its dead letter is acknowledged")
    func rejection() async throws {
        let fixture = try await WriterFixture(deadLetterTopicExists: false)
        var batch = fixture.batch(["a", "b", "c"], from: 0)
        batch.reject(1)
        fixture.accept(batch)
        fixture.accept(fixture.batch(["d"], from: 3))
        try await fixture.settled()
        #expect(try await fixture.database.nextOffset() == 1)
        #expect(fixture.committable() == [partitionZero: 1])
        #expect(try await fixture.database.status(of: "d") == .notTrustlogged)
        try fixture.createDeadLetterTopic()
        try await eventually { try await fixture.database.nextOffset() == 4 }
        try await eventually { fixture.committable() == [partitionZero: 4] }
        try await fixture.stop()
    }

    @Test("a partition that waits for its dead letter is told once in a while, and once when it goes on")
    func toldWaiting() async throws {
        let fixture = try await WriterFixture(deadLetterTopicExists: false)
        var batch = fixture.batch(["a"], from: 0)
        batch.reject(0)
        fixture.accept(batch)
        try await eventually { !fixture.state.waiting.isEmpty }
        // Meanwhile it is tried again and again.
        let later = fixture.clock.now + .seconds(20)
        try await eventually { fixture.clock.now > later }
        let told = fixture.logs.entries.filter { $0.message.contains("operations[0] waits") }
        #expect(told.map(\.level) == [.error])
        #expect(told.first?.message.contains("operations.dead-letter") == true)
        #expect(!fixture.logs.contains("goes on"))
        try fixture.createDeadLetterTopic()
        try await eventually { fixture.state.waiting.isEmpty }
        try await eventually { fixture.logs.contains("operations[0] goes on", atLeast: .notice) }
        try await fixture.stop()
        #expect(fixture.logs.entries.filter { $0.message.contains("goes on") }.count == 1)
    }

    @Test("another partition goes on while one waits for its dead letter")
    func otherPartition() async throws {
        let fixture = try await WriterFixture(deadLetterTopicExists: false)
        var batch = fixture.batch(["a"], from: 0)
        batch.reject(0)
        fixture.accept(batch)
        try await eventually { !fixture.state.waiting.isEmpty }
        fixture.accept(fixture.batch(["b"], from: 5, partition: 1))
        try await eventually { try await fixture.database.nextOffset(1) == 6 }
        #expect(try await fixture.database.nextOffset() == 0)
        try await fixture.stop()
    }

    @Test("a database that is away is waited for: nothing is lost, nothing passes it")
    func outage() async throws {
        let fixture = try await WriterFixture()
        fixture.store.fail(.persist, times: 3)
        fixture.accept(fixture.batch(["a", "b"], from: 0))
        try await fixture.settled()
        #expect(fixture.store.count(.persist) == 4)
        #expect(fixture.committable() == [partitionZero: 2])
        #expect(fixture.state.lastError?.message.contains("away") == true)
        #expect(fixture.state.problem(of: .database) == nil)
        try await fixture.stop()
    }

    @Test("positions moved by dead letters are written again after an outage")
    func advanceOutage() async throws {
        let fixture = try await WriterFixture()
        fixture.store.fail(.advance, times: 2)
        var batch = fixture.batch(["a", "b"], from: 0)
        batch.reject(0)
        fixture.accept(batch)
        try await eventually { try await fixture.database.nextOffset() == 2 }
        #expect(fixture.store.count(.advance) == 3)
        try await eventually { fixture.committable() == [partitionZero: 2] }
        try await fixture.stop()
    }

    @Test("it ends while the database is away, and leaves the batch to the next owner")
    func stopDuringOutage() async throws {
        let fixture = try await WriterFixture()
        fixture.store.fail(.persist)
        fixture.accept(fixture.batch(["a"], from: 0))
        try await eventually { fixture.store.count(.persist) > 0 }
        try await fixture.stop()
        #expect(fixture.committable().isEmpty)
        #expect(fixture.inbox.withLock { $0.batchesInHand } == 0)
    }

    @Test("after a batch was given up, no later batch and no dead letter moves the position past it")
    func nothingPassesWhatWasGivenUp() async throws {
        let fixture = try await WriterFixture()
        fixture.store.fail(.persist, times: 1)
        let gate = fixture.store.hold(.persist)
        var first = fixture.batch(["a", "b"], from: 0)
        first.reject(0)
        fixture.accept(first)
        fixture.accept(fixture.batch(["c"], from: 2))
        try await eventually { gate.arrivals == 1 }
        fixture.inbox.signal { $0.isStopping = true }
        // The first attempt fails; the database is back for whatever follows.
        gate.open()
        try await fixture.settled()
        try await eventually { fixture.inbox.withLock { $0.lettersInHand } == 0 }
        try await fixture.stop()
        #expect(try await fixture.database.status(of: "b") == nil)
        #expect(fixture.committable().isEmpty)
        #expect(try await fixture.database.nextOffset() == nil)
    }

    @Test("dead letters of a revoked assignment are not sent again, and the partition no longer counts as waiting")
    func revoked() async throws {
        let fixture = try await WriterFixture(deadLetterTopicExists: false)
        var batch = fixture.batch(["a"], from: 0)
        batch.reject(0)
        fixture.accept(batch)
        try await eventually { !fixture.state.waiting.isEmpty }
        fixture.writer.revoke([partitionZero: 1])
        try await eventually { fixture.state.waiting.isEmpty }
        try fixture.createDeadLetterTopic()
        // A letter of the partition's next assignment is the first in the topic.
        var again = fixture.batch(["a"], from: 0, epoch: 2)
        again.reject(0)
        fixture.accept(again)
        try await eventually { try await fixture.database.nextOffset() == 1 }
        // By now the old letter would have been sent several times over.
        let settled = fixture.clock.now + .seconds(10)
        try await eventually { fixture.clock.now > settled }
        #expect(fixture.metrics.deadLettered[.invalid].value == 1)
        try await fixture.stop()
    }

    @Test("a new assignment forgets the dead letters of the one before")
    func newAssignment() async throws {
        let fixture = try await WriterFixture(deadLetterTopicExists: false)
        var batch = fixture.batch(["a"], from: 0)
        batch.reject(0)
        fixture.accept(batch)
        try await eventually { !fixture.state.waiting.isEmpty }
        fixture.accept(fixture.batch(["b"], from: 0, epoch: 2))
        try await eventually { try await fixture.database.nextOffset() == 1 }
        try await eventually {
            fixture.inbox.withLock { $0.takeCommittable([partitionZero: 2]) } == [partitionZero: 1]
        }
        try await fixture.stop()
    }

    @Test("a partition with too many dead letters on their way is paused until they are stored")
    func crowded() async throws {
        let fixture = try await WriterFixture()
        try fixture.cluster.setBrokerDown(1)
        var batch = fixture.batch((0..<1_100).map { "op-\($0)" }, from: 0)
        for index in 0..<1_100 { batch.reject(index) }
        fixture.accept(batch)
        try await eventually {
            fixture.inbox.withLock { $0.takeFlow([partitionZero: 1]) }.pause == [partitionZero]
        }
        try fixture.cluster.setBrokerUp(1)
        try await eventually { try await fixture.database.nextOffset() == 1_100 }
        try await eventually {
            fixture.inbox.withLock { $0.takeFlow([partitionZero: 1]) }.resume == [partitionZero]
        }
        #expect(fixture.metrics.deadLettered[.invalid].value == 1_100)
        try await fixture.stop()
    }
}
