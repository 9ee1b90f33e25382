import KafkaClient
import Synchronization
import Testing
import TrustlogTestKit

@Suite("Consumer")
struct ConsumerTests {
    static let assignors = ["range,roundrobin", "cooperative-sticky"]

    /// Both poll until the group has shared four partitions out among them: one that stopped earlier would hold a further
    /// rebalance up.
    private static func share(_ first: ConsumerDriver, _ second: ConsumerDriver) async throws {
        let (left, right) = (first.consumer, second.consumer)
        let isShared: @Sendable (isolated ConsumerDriver) -> Bool = { _ in
            left.assignedPartitions.count == 2 && right.assignedPartitions.count == 2
        }
        async let settled = first.poll(until: isShared)
        #expect(try await second.poll(until: isShared))
        #expect(try await settled)
    }

    @Test(
        "nothing is fetched before a partition is started, and then from the offset given",
        arguments: TestCluster.available, assignors)
    func startsLater(cluster: TestCluster, assignor: String) async throws {
        try await cluster.with { servers, topic in
            let producer = try KafkaProducer(servers)
            await producer.send((0..<10).map { "m\($0)" }, to: topic)

            let driver = try ConsumerDriver(
                servers, group: topic, properties: ["partition.assignment.strategy": assignor])
            try await driver.join([topic])
            for _ in 0..<3 { try await driver.poll() }
            #expect(await driver.records.isEmpty)

            try await driver.perform { try $0.start([PartitionOffset(topic: topic, partition: 0, offset: 4)]) }
            try await driver.poll { $0.records.count >= 6 }
            #expect(await driver.records.map(\.text) == (4..<10).map { "m\($0)" })
            await driver.close()
            await producer.close(deadline: .seconds(5))
        }
    }

    @Test(
        "partitions started one after another lose nothing and repeat nothing",
        arguments: TestCluster.available, assignors)
    func startsInPieces(cluster: TestCluster, assignor: String) async throws {
        try await cluster.with(partitions: 3) { servers, topic in
            let producer = try KafkaProducer(servers)
            for partition in 0..<3 {
                await producer.send((0..<50).map { "\(partition)-\($0)" }, to: topic, partition: Int32(partition))
            }
            let driver = try ConsumerDriver(
                servers, group: topic, properties: ["partition.assignment.strategy": assignor])
            try await driver.join([topic])
            for partition in 0..<3 {
                try await driver.perform {
                    try $0.start([PartitionOffset(topic: topic, partition: Int32(partition), offset: nil)])
                }
                let wanted = partition * 50 + 10
                try await driver.poll { driver in
                    if driver.records.count < wanted { try driver.poll(maxMessages: 7) }
                    return driver.records.count >= wanted
                }
            }
            try await driver.poll { $0.records.count >= 150 }
            try await driver.poll()
            for partition in 0..<3 {
                let texts = await driver.records.filter { $0.partition == partition }.map(\.text)
                #expect(texts == (0..<50).map { "\(partition)-\($0)" })
            }
            await driver.close()
            await producer.close(deadline: .seconds(5))
        }
    }

    @Test(
        "a rebalance between assignment and start leaves no partition unread and none read twice",
        arguments: TestCluster.available, [nil, "static"])
    func rebalanceBeforeStart(cluster: TestCluster, instanceID: String?) async throws {
        try await cluster.with(partitions: 4) { servers, topic in
            let producer = try KafkaProducer(servers)
            for partition in 0..<4 {
                await producer.send((0..<20).map { "\(partition)-\($0)" }, to: topic, partition: Int32(partition))
            }
            let first = try ConsumerDriver(servers, group: topic, instanceID: instanceID.map { $0 + "1" })
            try await first.join([topic])
            let early = await first.perform { consumer in
                (consumer.generation, consumer.assignedPartitions.map { PartitionOffset($0, offset: nil) })
            }
            // The second member makes the group rebalance while the first still looks for its positions.
            let second = try ConsumerDriver(servers, group: topic, instanceID: instanceID.map { $0 + "2" })
            try await second.perform { try $0.subscribe(to: [topic]) }
            try await Self.share(first, second)

            // Positions of an earlier assignment are not taken for this one.
            try await first.perform { try $0.start(early.1, generation: early.0) }
            for _ in 0..<3 { try await first.poll() }
            #expect(await first.records.isEmpty)

            // From here on each is started as it is assigned.
            let positions = Positions()
            for driver in [first, second] {
                positions.follow(driver)
                try await driver.startAll()
            }
            async let settled = first.poll { positions.note($0.records) == 80 }
            #expect(try await second.poll { positions.note($0.records) == 80 })
            #expect(try await settled)
            let all = await first.records + second.records
            #expect(all.count == 80)
            #expect(Set(all.compactMap(\.text)).count == 80)
            await second.close()
            await first.close()
            await producer.close(deadline: .seconds(5))
        }
    }

    @Test(
        "a member that joins takes partitions over: between the two every message is read",
        arguments: TestCluster.available, assignors)
    func takeover(cluster: TestCluster, assignor: String) async throws {
        try await cluster.with(partitions: 4) { servers, topic in
            let producer = try KafkaProducer(servers)
            let properties = ["partition.assignment.strategy": assignor]
            let positions = Positions()
            let first = try ConsumerDriver(servers, group: topic, properties: properties)
            positions.follow(first)
            try await first.join([topic])
            for partition in 0..<4 {
                await producer.send((0..<10).map { "\(partition)-\($0)" }, to: topic, partition: Int32(partition))
            }
            try await first.poll { positions.note($0.records) == 40 }

            let second = try ConsumerDriver(servers, group: topic, properties: properties)
            positions.follow(second)
            try await second.perform { try $0.subscribe(to: [topic]) }
            try await Self.share(first, second)
            for partition in 0..<4 {
                await producer.send((10..<20).map { "\(partition)-\($0)" }, to: topic, partition: Int32(partition))
            }
            async let settled = first.poll { positions.note($0.records) == 80 }
            #expect(try await second.poll { positions.note($0.records) == 80 })
            #expect(try await settled)
            #expect(await !second.records.isEmpty)
            let all = await first.records + second.records
            #expect(Set(all.compactMap(\.text)).count == 80)
            #expect(all.count == 80)
            await second.close()
            await first.close()
            await producer.close(deadline: .seconds(5))
        }
    }

    @Test(
        "the revoke handler may still commit, and what it commits is where the next member starts",
        arguments: TestCluster.available)
    func revokeCommits(cluster: TestCluster) async throws {
        try await cluster.with { servers, topic in
            let producer = try KafkaProducer(servers)
            await producer.send(["a", "b", "c"], to: topic)
            let driver = try ConsumerDriver(servers, group: topic)
            let failure = Mutex<KafkaError?>(nil)
            let consumer = driver.consumer
            driver.journal.onRebalance { [unowned consumer] event in
                guard case .revoked(let partitions) = event else { return }
                let offsets = partitions.map { PartitionOffset($0, offset: 2, metadata: "trustlog:x") }
                do throws(KafkaError) {
                    try consumer.commit(offsets, synchronously: true)
                } catch {
                    failure.withLock { $0 = error }
                }
            }
            try await driver.join([topic])
            try await driver.startAll()
            try await driver.poll { $0.records.count >= 3 }
            await driver.close()
            #expect(failure.withLock { $0 } == nil)
            let revoked = TopicPartition(topic: topic, partition: 0)
            #expect(driver.journal.rebalances == [.assigned([revoked]), .revoked([revoked])])

            let next = try ConsumerDriver(servers, group: topic)
            try await next.join([topic])
            let committed = try await next.perform { try $0.committed([revoked], timeout: .seconds(10)) }
            #expect(committed == [PartitionOffset(revoked, offset: 2, metadata: "trustlog:x")])
            await next.close()
            await producer.close(deadline: .seconds(5))
        }
    }

    @Test("commits carry metadata, in either way, and an unknown partition has none", arguments: TestCluster.available)
    func commitMetadata(cluster: TestCluster) async throws {
        try await cluster.with(partitions: 2) { servers, topic in
            let driver = try ConsumerDriver(servers, group: topic)
            try await driver.join([topic])
            let partition = TopicPartition(topic: topic, partition: 0)
            let offsets = [PartitionOffset(partition, offset: 7, metadata: "trustlog:größe")]
            try await driver.perform { try $0.commit(offsets, synchronously: true) }
            let read = try await driver.perform {
                try $0.committed([partition, TopicPartition(topic: topic, partition: 1)], timeout: .seconds(10))
            }
            #expect(read == offsets + [PartitionOffset(topic: topic, partition: 1, offset: nil)])

            let later = [PartitionOffset(partition, offset: 8, metadata: "second")]
            try await driver.perform { try $0.commit(later, synchronously: false) }
            try await driver.poll { driver in
                driver.journal.all.contains { if case .committed = $0 { true } else { false } }
            }
            #expect(driver.journal.all.last == .committed(later, nil))
            let again = try await driver.perform { try $0.committed([partition], timeout: .seconds(10)) }
            #expect(again == later)
            await driver.close()
        }
    }

    @Test(
        "an offset that the topic does not have is an error of its partition, and seeking goes on from there",
        arguments: TestCluster.available, assignors)
    func offsetReset(cluster: TestCluster, assignor: String) async throws {
        try await cluster.with(partitions: 2) { servers, topic in
            let producer = try KafkaProducer(servers)
            await producer.send(["a", "b", "c"], to: topic, partition: 0)
            await producer.send(["x"], to: topic, partition: 1)
            let driver = try ConsumerDriver(
                servers, group: topic, properties: ["partition.assignment.strategy": assignor])
            try await driver.join([topic])
            try await driver.perform {
                try $0.start([
                    PartitionOffset(topic: topic, partition: 0, offset: 1000),
                    PartitionOffset(topic: topic, partition: 1, offset: 0),
                ])
            }
            try await driver.poll { !$0.errors.isEmpty && $0.records.count == 1 }
            let error = try #require(await driver.errors.first)
            #expect(error.topic == topic && error.partition == 0)
            #expect(error.error.code == KafkaError.autoOffsetReset)

            let marks = try await driver.perform {
                try $0.watermarks(of: TopicPartition(topic: topic, partition: 0), timeout: .seconds(10))
            }
            #expect(marks.low == 0 && marks.high == 3)
            try await driver.perform {
                try $0.seek(to: PartitionOffset(topic: topic, partition: 0, offset: marks.low))
            }
            try await driver.poll { $0.records.count >= 4 }
            #expect(await driver.records.map(\.text) == ["x", "a", "b", "c"])
            await driver.close()
            await producer.close(deadline: .seconds(5))
        }
    }

    @Test(
        "pausing before, while and after consuming loses nothing and repeats nothing",
        arguments: TestCluster.available)
    func pauseAndResume(cluster: TestCluster) async throws {
        try await cluster.with { servers, topic in
            let producer = try KafkaProducer(servers)
            await producer.send((0..<100).map { "\($0)" }, to: topic)
            let driver = try ConsumerDriver(servers, group: topic)
            let partition = TopicPartition(topic: topic, partition: 0)
            try await driver.join([topic])
            try await driver.perform { consumer in
                try consumer.pause([partition])
                try consumer.start([PartitionOffset(partition, offset: 5)])
            }
            for _ in 0..<3 { try await driver.poll() }
            #expect(await driver.records.isEmpty)
            try await driver.perform { try $0.resume([partition]) }
            try await driver.poll { driver in
                if driver.records.isEmpty { try driver.poll(maxMessages: 10) }
                return !driver.records.isEmpty
            }
            try await driver.perform { try $0.pause([partition]) }
            let before = await driver.records.count
            for _ in 0..<3 { try await driver.poll() }
            #expect(await driver.records.count == before)
            // Moved while it is paused and untouched.
            try await driver.perform { try $0.seek(to: PartitionOffset(partition, offset: 90)) }
            for _ in 0..<3 { try await driver.poll() }
            #expect(await driver.records.count == before)
            try await driver.perform { try $0.resume([partition]) }
            try await driver.poll { $0.records.count >= before + 10 }
            let texts = await driver.records.map(\.text)
            #expect(texts == (5..<5 + before).map { "\($0)" } + (90..<100).map { "\($0)" })
            await driver.close()
            await producer.close(deadline: .seconds(5))
        }
    }

    @Test(
        "a partition that was paused when it was revoked is read when it comes back", arguments: TestCluster.available)
    func pausedThenRevoked(cluster: TestCluster) async throws {
        try await cluster.with(partitions: 1) { servers, topic in
            let producer = try KafkaProducer(servers)
            let driver = try ConsumerDriver(servers, group: topic)
            try await driver.join([topic])
            try await driver.startAll()
            await producer.send(["a"], to: topic)
            try await driver.poll { !$0.records.isEmpty }
            try await driver.perform { try $0.pause([TopicPartition(topic: topic, partition: 0)]) }
            try await driver.perform { try $0.unsubscribe() }
            try await driver.poll { $0.consumer.assignedPartitions.isEmpty }
            await producer.send(["b"], to: topic)
            try await driver.join([topic])
            try await driver.startAll()
            try await driver.poll { $0.records.count >= 3 }
            #expect(await driver.records.map(\.text) == ["a", "a", "b"])
            await driver.close()
            await producer.close(deadline: .seconds(5))
        }
    }

    @Test("lag counts what is not settled, read or not, and is 0 at the end", arguments: TestCluster.available)
    func lag(cluster: TestCluster) async throws {
        try await cluster.with { servers, topic in
            let producer = try KafkaProducer(servers)
            await producer.send((0..<30).map { "\($0)" }, to: topic)
            let driver = try ConsumerDriver(servers, group: topic)
            try await driver.join([topic])
            try await driver.startAll()
            try await driver.poll { driver in
                if driver.records.isEmpty { try driver.poll(maxMessages: 10) }
                return !driver.records.isEmpty
            }
            #expect(driver.consumer.lag().map(\.1) == [30])
            try await driver.poll { $0.records.count == 30 }
            #expect(driver.consumer.lag().map(\.1) == [30])
            let partition = TopicPartition(topic: topic, partition: 0)
            await driver.perform { $0.settled(partition, before: 12) }
            #expect(driver.consumer.lag().map(\.1) == [18])
            await driver.perform { $0.settled(partition, before: 30) }
            try await driver.poll { $0.consumer.lag().map(\.1) == [0] }

            try await driver.perform { try $0.pause([partition]) }
            await producer.send(["30", "31"], to: topic)
            try await driver.perform { try $0.learnEnds(of: [partition], timeout: .seconds(10)) }
            #expect(driver.consumer.lag().map(\.1) == [2])
            await driver.close()
            #expect(driver.consumer.lag().isEmpty)
            await producer.close(deadline: .seconds(5))
        }
    }

    @Test("a job that arrives ends a poll at once, and so does a wake-up", arguments: [true, false])
    func wakes(byJob: Bool) async throws {
        let cluster = try MockCluster()
        let driver = try ConsumerDriver(cluster.bootstrapServers, group: "g")
        let begin = ContinuousClock.now
        for round in 1...20 {
            async let polled = driver.poll(.seconds(60))
            // The thread is in the poll, or about to be.
            while driver.polls.withLock({ $0 }) < round { await Task.yield() }
            if byJob {
                // With a side effect, or the optimiser would leave the job out.
                await driver.note()
            } else {
                driver.consumer.wake()
            }
            _ = try await polled
        }
        // Each of them would have waited for a minute.
        #expect(ContinuousClock.now - begin < .seconds(60))
        await driver.close()
    }

    @Test("a poll waits although its own job has just arrived")
    func waits() async throws {
        let cluster = try MockCluster()
        let driver = try ConsumerDriver(cluster.bootstrapServers, group: "g")
        var spent: [Duration] = []
        for _ in 0..<5 {
            let begin = ContinuousClock.now
            try await driver.poll(.milliseconds(50))
            spent.append(ContinuousClock.now - begin)
        }
        // Errors of the connection may end single ones.
        #expect(spent.contains { $0 >= .milliseconds(45) })
        await driver.close()
    }

    @Test("closing does not hang and gives the partitions back", arguments: 0..<10)
    func closes(_ round: Int) async throws {
        let cluster = try MockCluster()
        try cluster.createTopic("t", partitions: 2)
        let driver = try ConsumerDriver(cluster.bootstrapServers, group: "g")
        try await driver.perform { try $0.subscribe(to: ["t"]) }
        for _ in 0..<round { try await driver.poll(.milliseconds(5)) }
        driver.consumer.wake()
        await driver.close()
        await #expect(throws: KafkaError.self) { try await driver.poll() }
    }

    @Test("closing without any time gives the partitions back all the same, and does not hang", arguments: 0..<10)
    func closesAtOnce(_ round: Int) async throws {
        let cluster = try MockCluster()
        try cluster.createTopic("t", partitions: 2)
        let driver = try ConsumerDriver(cluster.bootstrapServers, group: "g")
        try await driver.join(["t"])
        await driver.perform { $0.close(deadline: .zero) }
        let revoked = driver.journal.rebalances.compactMap { event -> Int? in
            if case .revoked(let partitions) = event { partitions.count } else { nil }
        }
        #expect(revoked == [2])
    }

    @Test(
        "closing without any time at any moment of the way into the group does not hang",
        arguments: 0..<20, ConsumerTests.assignors)
    func closesAtAnyMoment(_ round: Int, assignor: String) async throws {
        let cluster = try MockCluster()
        try cluster.createTopic("t", partitions: 2)
        let driver = try ConsumerDriver(
            cluster.bootstrapServers, group: "g", properties: ["partition.assignment.strategy": assignor])
        try await driver.perform { try $0.subscribe(to: ["t"]) }
        for _ in 0..<round { try await driver.poll(.milliseconds(20)) }
        await driver.perform { $0.close(deadline: .zero) }
        #expect(driver.consumer.lag().isEmpty)
    }

    @Test("closing ends within its deadline when the broker is gone")
    func closesWithoutBroker() async throws {
        let cluster = try MockCluster()
        try cluster.createTopic("t", partitions: 2)
        let driver = try ConsumerDriver(cluster.bootstrapServers, group: "g")
        try await driver.join(["t"])
        try cluster.setBrokerDown(1)
        await driver.perform { $0.close(deadline: .seconds(1)) }
        #expect(driver.consumer.lag().isEmpty)
    }

    @Test(
        "a static member whose id is taken over learns that it is over, and closes",
        .requires(.kafka))
    func fencedInstance() async throws {
        try await TestCluster.real.with { servers, topic in
            let first = try ConsumerDriver(servers, group: topic, instanceID: "one")
            try await first.join([topic])
            try await first.startAll()
            let second = try ConsumerDriver(servers, group: topic, instanceID: "one")
            try await second.join([topic])
            let error = await #expect(throws: KafkaError.self) { try await first.poll { _ in false } }
            #expect(error?.isFatal == true && error?.code == KafkaError.fencedInstance)
            await first.close()
            await second.close()
        }
    }

    @Test(
        "a topic that does not exist is told and not created, and read once it is there",
        .requires(.kafka))
    func missingTopic() async throws {
        try await TestCluster.real.with { servers, topic in
            let missing = topic + "-later"
            let driver = try ConsumerDriver(
                servers, group: topic, properties: ["topic.metadata.refresh.interval.ms": "500"])
            try await driver.perform { try $0.subscribe(to: [missing]) }
            try await driver.poll { !$0.errors.isEmpty }
            let error = try #require(await driver.errors.first)
            #expect(error.topic == missing && error.error.code == KafkaError.unknownTopicOrPartition)
            let admin = try KafkaAdmin(
                configuration: KafkaConfiguration(bootstrapServers: servers), logger: .discarding)
            #expect(try await admin.createTopics([NewTopic(name: missing, partitions: 1)]).map(\.outcome) == [.created])
            try await driver.poll { !$0.consumer.assignedPartitions.isEmpty }
            #expect(await driver.perform { $0.assignedPartitions } == [TopicPartition(topic: missing, partition: 0)])
            await driver.close()
            await admin.close()
        }
    }

    @Test("positions found out for partitions that are gone start nothing")
    func startsNothing() async throws {
        let cluster = try MockCluster()
        try cluster.createTopic("t", partitions: 1)
        let driver = try ConsumerDriver(cluster.bootstrapServers, group: "g")
        try await driver.perform { consumer in
            try consumer.start([PartitionOffset(topic: "t", partition: 0, offset: 0)])
            try consumer.seek(to: PartitionOffset(topic: "t", partition: 0, offset: 0))
            try consumer.pause([TopicPartition(topic: "t", partition: 0)])
            try consumer.resume([TopicPartition(topic: "t", partition: 0)])
        }
        let partition = TopicPartition(topic: "t", partition: 0)
        #expect(await driver.perform { $0.position(of: partition) } == nil)
        await driver.close()
    }
}
