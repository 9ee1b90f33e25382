import KafkaClient
import Observability
import OperationStore
import Synchronization
import Testing
import TrustlogCore
import TrustlogTestKit

@testable import TrustlogService

@Suite("Ingest", .timeLimit(.minutes(5)))
struct IngestTests {
    @Test("what is consumed is persisted with its source, and committed with the database's name")
    func persists() async throws {
        let kafka = try PipelineCluster()
        let database = try await TestDatabase()
        await kafka.feeder.send(
            [sampleJSON("a"), sampleJSON("b")], headers: [("traceparent", "t"), ("x", "y"), ("content-type", "z")])
        let ingest = IngestFixture(kafka.servers, database) { $0.output.forwardHeaders = ["x", "content-type", "x"] }
        try await eventually { try await database.status(of: "b") == .notTrustlogged }
        await ingest.stop()

        let detail = try #require(try await database.store.operation(opId: "b"))
        let stored = try detail.row.content.get()
        #expect(stored.source?.topic == "operations" && stored.source?.offset == 1)
        #expect(stored.source?.digest == Digest.sha256Hex(sampleJSON("b")))
        #expect(stored.headers == #"{"traceparent":"t","x":"y"}"#)
        let databaseID = try #require(try await database.store.schemaState()).databaseID
        let committed = try await kafka.committed()
        #expect(committed?.offset == 2 && committed?.metadata == "trustlog:\(databaseID)")
        #expect(ingest.metrics.operationsConsumed.value == 2)
        #expect(ingest.metrics.rebalances.value == 1)
    }

    @Test("a restart goes on where the commit stands and consumes nothing twice")
    func restart() async throws {
        let kafka = try PipelineCluster()
        let database = try await TestDatabase()
        await kafka.feeder.send((0..<50).map { sampleJSON("first-\($0)") })
        let first = IngestFixture(kafka.servers, database)
        try await eventually { try await database.store.operationCounts().total == 50 }
        await first.stop()
        await kafka.feeder.send((0..<50).map { sampleJSON("second-\($0)") })
        let second = IngestFixture(kafka.servers, database)
        try await eventually { try await database.store.operationCounts().total == 100 }
        await second.stop()
        #expect(second.metrics.operationsConsumed.value == 50)
        #expect(second.metrics.operationsDuplicate.value == 0)
        #expect(try await kafka.committed()?.offset == 100)
    }

    @Test("messages that are no operations become dead letters byte for byte, and stop nothing")
    func deadLetters() async throws {
        let kafka = try PipelineCluster()
        let database = try await TestDatabase()
        await kafka.feeder.send(
            [Array("{".utf8), nil, [], sampleJSON("a"), Array("{}".utf8)], key: [1, 2],
            headers: [("x", nil), ("x", "2")])
        let ingest = IngestFixture(kafka.servers, database)
        let letters = try await read("operations.dead-letter", of: kafka.servers) { $0.count == 4 }
        try await eventually { try await database.nextOffset() == 5 }
        await ingest.stop()
        #expect(letters.map(\.value) == [Array("{".utf8), nil, [], Array("{}".utf8)])
        #expect(letters.allSatisfy { $0.key == [1, 2] })
        #expect(letters.map { $0.header("trustlog-error-code") } == ["malformed", "malformed", "malformed", "invalid"])
        #expect(letters.map { $0.header("__connect.errors.offset") } == ["0", "1", "2", "4"])
        let names = try #require(letters.last).headers.map(\.name)
        #expect(
            names == [
                "x", "x", "trustlog-error-code", "trustlog-error-message", "trustlog-error-field",
                "__connect.errors.topic", "__connect.errors.partition", "__connect.errors.offset",
                "__connect.errors.exception.message",
            ])
        #expect(letters.last?.headers.first?.value == nil)
        #expect(try await kafka.committed()?.offset == 5)
    }

    @Test("without a dead-letter topic one partition waits, others go on, and it resumes when the topic is there")
    func missingTopic() async throws {
        let kafka = try PipelineCluster(partitions: 2)
        kafka.cluster.setTopicError("operations.dead-letter", KafkaError.unknownTopicOrPartition)
        let database = try await TestDatabase()
        await kafka.feeder.send([sampleJSON("a"), Array("poison".utf8), sampleJSON("b")], partition: 0)
        let ingest = IngestFixture(kafka.servers, database)
        try await eventually("partition 0 waits") { ingest.state.waiting.map(\.partition) == [partitionZero] }
        await kafka.feeder.send([sampleJSON("c")], partition: 1)
        try await eventually { try await database.status(of: "c") != nil }
        #expect(try await database.nextOffset() == 1)
        #expect(ingest.state.waiting.first?.reason.contains("operations.dead-letter") == true)
        // Also what arrives while nothing is fetched is counted.
        await kafka.feeder.send((0..<10).map { sampleJSON("e-\($0)") }, partition: 0)
        try await eventually("what waits behind the dead letter is lag") { ingest.lag == [12, 0] }

        kafka.cluster.setTopicError("operations.dead-letter", 0)
        try await eventually { try await database.nextOffset() ?? 0 >= 3 }
        await kafka.feeder.send([sampleJSON("d")], partition: 0)
        try await eventually("the partition is consumed again") { try await database.status(of: "d") != nil }
        try await eventually("nothing waits") { ingest.lag == [0, 0] }
        #expect(ingest.state.waiting.isEmpty)
        await ingest.stop()
        #expect(try await kafka.committed()?.offset == 14)
        let letters = try await read("operations.dead-letter", of: kafka.servers) { !$0.isEmpty }
        #expect(letters.count == 1)
    }

    @Test("a database that is away pauses consumption; when it is back nothing is missing")
    func databaseAway() async throws {
        let kafka = try PipelineCluster()
        let database = try await TestDatabase()
        database.store.fail(.persist)
        let ingest = IngestFixture(kafka.servers, database) { $0.input.batchSize = 10 }
        await kafka.feeder.send((0..<100).map { sampleJSON("op-\($0)") })
        try await eventually("consumption is paused") { ingest.logs.contains("consumption is paused") }
        #expect(ingest.metrics.operationsConsumed.value <= 20)
        try await eventually("what is not in the database is lag") { ingest.lag == [100] }
        database.store.heal(.persist)
        try await eventually { try await database.store.operationCounts().total == 100 }
        try await eventually("nothing waits") { ingest.lag == [0] }
        await ingest.stop()
        #expect(ingest.metrics.operationsDuplicate.value == 0)
        #expect(try await kafka.committed()?.offset == 100)
    }

    @Test("a stop while the database is away commits nothing that it has not")
    func stopWhileAway() async throws {
        let kafka = try PipelineCluster()
        let database = try await TestDatabase()
        database.store.fail(.persist)
        await kafka.feeder.send([sampleJSON("a"), Array("poison".utf8), sampleJSON("b")])
        let first = IngestFixture(kafka.servers, database)
        try await eventually { database.store.count(.persist) > 0 }
        await first.stop()
        #expect(try await kafka.committed()?.offset == nil)
        database.store.heal(.persist)
        let second = IngestFixture(kafka.servers, database)
        try await eventually { try await database.nextOffset() == 3 }
        await second.stop()
        #expect(try await database.store.operationCounts().total == 2)
    }

    @Test("a database that cannot tell where to begin is waited for")
    func positionsAway() async throws {
        let kafka = try PipelineCluster()
        let database = try await TestDatabase()
        database.store.fail(.positions)
        await kafka.feeder.send([sampleJSON("a")])
        let ingest = IngestFixture(kafka.servers, database)
        try await eventually { database.store.count(.positions) > 1 }
        #expect(ingest.lag.isEmpty, "where it begins is not known, so nor is how much waits")
        database.store.heal(.positions)
        try await eventually { try await database.status(of: "a") != nil }
        try await eventually("nothing waits") { ingest.lag == [0] }
        await ingest.stop()
    }

    @Test("the group's offsets are asked for again while the broker does not tell them")
    func committedAway() async throws {
        let kafka = try PipelineCluster()
        let database = try await TestDatabase()
        kafka.cluster.pushRequestErrors(apiKey: 9, Array(repeating: KafkaError.groupAuthorizationFailed, count: 2))
        await kafka.feeder.send([sampleJSON("a")])
        let ingest = IngestFixture(kafka.servers, database)
        try await eventually { try await database.status(of: "a") != nil }
        #expect(ingest.logs.contains("offsets cannot be read yet"))
        await ingest.stop()
    }

    @Test("a database restored to an older state is consumed into again, from where it stands")
    func restored() async throws {
        let kafka = try PipelineCluster()
        let database = try await TestDatabase()
        await kafka.feeder.send((0..<10).map { sampleJSON("op-\($0)") })
        let first = IngestFixture(kafka.servers, database)
        try await eventually { try await database.nextOffset() == 10 }
        await first.stop()
        try await database.store.advance(
            [ConsumerPosition(topic: "operations", partition: 0, nextOffset: 4)], group: "trustlog")
        let second = IngestFixture(kafka.servers, database)
        try await eventually { try await database.nextOffset() == 10 }
        await second.stop()
        #expect(second.metrics.operationsDuplicate.value == 6)
        #expect(second.logs.contains("restored to an older state", atLeast: .warning))
    }

    @Test("an offset that the topic no longer has is counted, told, and passed")
    func offsetReset() async throws {
        let kafka = try PipelineCluster()
        let database = try await TestDatabase()
        await kafka.feeder.send((0..<3).map { sampleJSON("op-\($0)") })
        let tail = try TopicTail(kafka.servers, group: "trustlog")
        try await tail.commit(PartitionOffset(partitionZero, offset: 1_000))
        await tail.close()
        let ingest = IngestFixture(kafka.servers, database)
        try await eventually { try await database.store.operationCounts().total == 3 }
        #expect(ingest.metrics.offsetResets.value == 1)
        #expect(ingest.logs.contains("no longer has offset 1000", atLeast: .warning))
        await ingest.stop()
    }

    @Test("a commit that fails is made again, though nothing more arrives")
    func failedCommit() async throws {
        let kafka = try PipelineCluster()
        let database = try await TestDatabase()
        kafka.cluster.pushRequestErrors(apiKey: 8, [KafkaError.groupAuthorizationFailed])
        await kafka.feeder.send([sampleJSON("a")])
        let ingest = IngestFixture(kafka.servers, database)
        try await eventually { try await kafka.committed()?.offset == 1 }
        #expect(ingest.logs.contains("could not be committed yet"))
        await ingest.stop()
    }

    @Test("a consumer that cannot be made is tried again, and a stop ends the waiting")
    func brokenConsumer() async throws {
        let database = try await TestDatabase()
        let ingest = IngestFixture("127.0.0.1:1", database) { $0.consumer.properties["no.such.property"] = "1" }
        try await eventually { ingest.logs.contains("no.such.property") }
        #expect(ingest.supervisor.lag.isEmpty && ingest.supervisor.isAnyBrokerUp == nil)
        await ingest.stop()
    }

    @Test("a stop ends it while no broker answers")
    func stopWithoutBroker() async throws {
        let kafka = try PipelineCluster()
        let database = try await TestDatabase()
        await kafka.feeder.send([sampleJSON("a")])
        let ingest = IngestFixture(kafka.servers, database)
        try await eventually { try await database.status(of: "a") != nil }
        try kafka.cluster.setBrokerDown(1)
        await ingest.stop()
    }

    @Test("a database that hangs silences the heartbeat, one that is away does not")
    func heartbeat() async throws {
        let kafka = try PipelineCluster()
        let database = try await TestDatabase()
        let beats = Counter()
        let gate = database.store.hold(.persist)
        let ingest = IngestFixture(kafka.servers, database, heartbeat: { beats.count.add(1, ordering: .relaxed) })
        await kafka.feeder.send([sampleJSON("a")])
        try await eventually { gate.arrivals == 1 }
        let before = beats.count.load(ordering: .relaxed)
        // It goes on polling, as its group has to see: two batches are with the writer, and it takes no third.
        await kafka.feeder.send([sampleJSON("b")])
        try await eventually { ingest.metrics.operationsConsumed.value == 2 }
        await kafka.feeder.send([sampleJSON("c")])
        try await eventually { ingest.logs.contains("consumption is paused") }
        #expect(beats.count.load(ordering: .relaxed) == before)
        database.store.fail(.persist)
        gate.open()
        try await eventually { beats.count.load(ordering: .relaxed) > before + 3 }
        database.store.heal(.persist)
        try await eventually { try await database.status(of: "c") != nil }
        await ingest.stop()
    }
}

private final class Counter: Sendable {
    let count = Atomic(0)
}
