import KafkaClient
import Observability
import OperationStore
import Testing
import TrustlogTestKit

@testable import TrustlogService

/// What the mock cluster cannot do as a broker does: rebalances, and topics that are not there.
@Suite("Ingest on a real broker", .requires(.kafka), .timeLimit(.minutes(5)))
struct IngestBrokerTests {
    private struct Setup {
        var broker: KafkaBroker
        var topic: String
        var feeder: TopicFeeder
        var database: TestDatabase

        init(partitions: Int) async throws {
            broker = try await KafkaBroker.shared()
            topic = KafkaBroker.uniqueName("operations")
            if partitions > 0 { try await broker.createTopic(topic, partitions: partitions) }
            feeder = try TopicFeeder(broker.bootstrap)
            database = try await TestDatabase()
        }

        func member(_ change: (inout ServiceConfiguration) -> Void = { _ in }) -> IngestFixture {
            IngestFixture(broker.bootstrap, database, clock: SystemServiceClock()) {
                $0.input.topic = topic
                $0.input.group = topic
                $0.input.deadLetterTopic = topic + ".dead-letter"
                // What is in hand has half of these to be committed in, before others consume it again.
                $0.input.sessionTimeout = .seconds(15)
                $0.shutdownTimeout = .seconds(30)
                change(&$0)
            }
        }

        func committed(_ partition: Int32) async throws -> Int64? {
            let tail = try TopicTail(broker.bootstrap, group: topic)
            // A new group's coordinator may not be at work yet.
            let committed = try? await tail.committed(TopicPartition(topic: topic, partition: partition))
            await tail.close()
            return committed?.offset
        }
    }

    @Test("members come and go while operations stream in: none is missed, none is consumed twice")
    func rebalances() async throws {
        let setup = try await Setup(partitions: 4)
        var rounds = 0
        func feed() async {
            for partition: Int32 in 0..<4 {
                let values = (0..<25).map { sampleJSON("op-\(partition)-\(rounds)-\($0)") }
                await setup.feeder.send(values, to: setup.topic, partition: partition)
            }
            rounds += 1
        }
        /// Feeds until the member has its share of what comes in.
        func feed(until member: IngestFixture) async throws {
            try await eventually("the member takes part") {
                await feed()
                return member.metrics.operationsConsumed.value > 0
            }
        }
        let first = setup.member { $0.input.batchSize = 20 }
        try await feed(until: first)
        let second = setup.member { $0.input.batchSize = 20 }
        try await feed(until: second)
        await first.stop()
        await feed()
        let third = setup.member { $0.input.batchSize = 20 }
        try await feed(until: third)
        let total = rounds * 100
        try await eventually { try await setup.database.store.operationCounts().total == total }
        await second.stop()
        await third.stop()
        let members = [first, second, third]
        #expect(members.reduce(0) { $0 + $1.metrics.operationsDuplicate.value } == 0)
        for partition: Int32 in 0..<4 { #expect(try await setup.committed(partition) == Int64(rounds * 25)) }
        await setup.feeder.close()
    }

    @Test("topics that are not there are waited for, told, and used once they are made")
    func missingTopics() async throws {
        let setup = try await Setup(partitions: 0)
        let member = setup.member {
            $0.consumer.properties["topic.metadata.refresh.interval.ms"] = "500"
            $0.consumer.properties["topic.metadata.propagation.max.ms"] = "1000"
            $0.producer.properties["topic.metadata.refresh.interval.ms"] = "500"
        }
        try await eventually("the topic is missed") { !member.state.waiting.isEmpty }
        #expect(member.state.waiting.first?.partition == TopicPartition(topic: setup.topic, partition: -1))
        try await setup.broker.createTopic(setup.topic)
        await setup.feeder.send([sampleJSON("a"), Array("poison".utf8)], to: setup.topic)
        let partition = TopicPartition(topic: setup.topic, partition: 0)
        try await eventually("the partition waits for its dead letter") {
            member.state.waiting.map(\.partition) == [partition]
        }
        try await setup.broker.createTopic(setup.topic + ".dead-letter")
        try await eventually { try await setup.committed(0) == 2 }
        #expect(member.state.waiting.isEmpty)
        let letters = try await read(setup.topic + ".dead-letter", of: setup.broker.bootstrap) { !$0.isEmpty }
        #expect(letters.count == 1)
        await member.stop()
        await setup.feeder.close()
    }

    @Test("a dead letter that its topic refuses for its size leaves a notice, whatever made it so large")
    func tooLarge() async throws {
        let setup = try await Setup(partitions: 1)
        try await setup.broker.createTopic(setup.topic + ".dead-letter", configs: ["max.message.bytes": "20000"])
        let member = setup.member()
        let large = [UInt8](repeating: UInt8(ascii: "x"), count: 30_000)
        await setup.feeder.send([large], to: setup.topic, key: [7])
        await setup.feeder.send([[1]], to: setup.topic, key: large)
        await setup.feeder.send(
            [Array("{}".utf8)], to: setup.topic, key: [8],
            headers: [("large", String(decoding: large, as: UTF8.self)), ("small", "s")])
        await setup.feeder.send([sampleJSON("a")], to: setup.topic)
        try await eventually { try await setup.committed(0) == 4 }
        await member.stop()
        let letters = try await read(setup.topic + ".dead-letter", of: setup.broker.bootstrap) { $0.count == 3 }
        #expect(letters.allSatisfy { $0.value == nil })
        let first = try #require(letters.first { $0.header("__connect.errors.offset") == "0" })
        #expect(first.key == [7] && first.header("trustlog-original-size") == "30000")
        #expect(first.header("trustlog-original-sha256")?.utf8.count == 64)
        let second = try #require(letters.first { $0.header("__connect.errors.offset") == "1" })
        #expect(second.key == nil && second.header("trustlog-original-size") == "1")
        let third = try #require(letters.first { $0.header("__connect.errors.offset") == "2" })
        #expect(third.key == [8] && third.header("trustlog-original-size") == "2")
        #expect(third.header("large") == nil && third.header("trustlog-error-code") == "invalid")
        #expect(member.logs.contains("refuses a message for its size", atLeast: .error))
        await setup.feeder.close()
    }
}
