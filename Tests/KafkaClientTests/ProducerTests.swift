import KafkaClient
import Synchronization
import Testing
import TrustlogTestKit

@Suite("Producer")
struct ProducerTests {
    @Test(
        "key, value and headers arrive byte for byte: absent, empty, repeated, in order",
        arguments: TestCluster.available)
    func roundTrip(cluster: TestCluster) async throws {
        try await cluster.with { servers, topic in
            let producer = try KafkaProducer(servers)
            let batch = producer.batch(count: 3)
            var headers = HeaderList()
            headers.append("a", "1")
            headers.append("b", UnsafeRawBufferPointer?.none)
            headers.append("a", [UInt8]())
            headers.append("ä", [0, 255, 10] as [UInt8])
            headers.append("a", "2")
            let empty = UnsafeRawBufferPointer(start: nil, count: 0)
            #expect(produce(producer, topic, nil, nil, HeaderList(), batch, 0) == nil)
            #expect(produce(producer, topic, empty, empty, headers, batch, 1) == nil)
            headers.truncate(to: 1)
            let bytes: [UInt8] = [0, 1, 2, 0, 255]
            bytes.withUnsafeBytes { bytes in
                #expect(produce(producer, topic, bytes, bytes, headers, batch, 2) == nil)
            }
            let results = await batch.results()
            #expect(results == (0..<3).map { .delivered(partition: 0, offset: $0) })

            let driver = try ConsumerDriver(servers, group: topic)
            try await driver.join([topic])
            try await driver.startAll()
            try await driver.poll { $0.records.count >= 3 }
            let records = await driver.records
            try #require(records.count == 3)
            #expect(records[0].key == nil && records[0].value == nil && records[0].headers.isEmpty)
            #expect(records[1].key == [] && records[1].value == [])
            #expect(
                records[1].headers == [
                    Record.Header(name: "a", value: [0x31]), Record.Header(name: "b", value: nil),
                    Record.Header(name: "a", value: []), Record.Header(name: "ä", value: [0, 255, 10]),
                    Record.Header(name: "a", value: [0x32]),
                ])
            #expect(records[2].key == bytes && records[2].value == bytes)
            #expect(records[2].headers == [Record.Header(name: "a", value: [0x31])])
            await driver.close()
            await producer.close(deadline: .seconds(5))
        }
    }

    @Test("the last of equal header names is found; an absent header is told from one without a value")
    func lastHeader() async throws {
        let cluster = try MockCluster()
        try cluster.createTopic("t", partitions: 1)
        let producer = try KafkaProducer(cluster.bootstrapServers)
        let batch = producer.batch(count: 1)
        var headers = HeaderList()
        headers.append("a", "1")
        headers.append("a", "2")
        headers.append("n", UnsafeRawBufferPointer?.none)
        _ = produce(producer, "t", nil, nil, headers, batch, 0)
        _ = await batch.results()
        let driver = try ConsumerDriver(cluster.bootstrapServers, group: "g")
        try await driver.join(["t"])
        try await driver.startAll()
        let found = Mutex<[String]>([])
        let deadline = ContinuousClock.now + .seconds(30)
        while found.withLock({ $0.isEmpty }) && ContinuousClock.now < deadline {
            _ = try await driver.perform { consumer in
                try consumer.consume(maxMessages: 1, maxBytes: 1, timeout: .milliseconds(100)) { message in
                    let (last, null) = (message.lastHeader(named: "a"), message.lastHeader(named: "n"))
                    let absent = message.lastHeader(named: "x")
                    found.withLock { $0 = [text(last), text(null), text(absent)] }
                } onError: { _ in
                }
            }
        }
        #expect(found.withLock { $0 } == ["2", "null", "absent"])
        await driver.close()
        await producer.close(deadline: .seconds(5))
    }

    @Test("each of many slots, filled from several threads, is settled exactly once", arguments: TestCluster.available)
    func manyBatches(cluster: TestCluster) async throws {
        try await cluster.with(partitions: 4) { servers, topic in
            let producer = try KafkaProducer(servers)
            let handle = try producer.topic(topic)
            let delivered = await withTaskGroup(of: [DeliveryResult].self) { group in
                for _ in 0..<8 {
                    group.addTask {
                        let batch = producer.batch(count: 2_000)
                        let headers = HeaderList()
                        for index in 0..<2_000 {
                            if index % 100 == 99 {
                                batch.fail(index)
                                batch.fail(index)
                                continue
                            }
                            let error = withUnsafeBytes(of: index) {
                                producer.produce(
                                    topic: handle, key: $0, value: $0, headers: headers, batch: batch, index: index)
                            }
                            #expect(error == nil)
                        }
                        return await batch.results()
                    }
                }
                return await group.reduce(into: []) { $0 += $1 }
            }
            #expect(delivered.count == 16_000)
            #expect(delivered.count { $0 == .notSent } == 160)
            var places: Set<PartitionOffset> = []
            for case .delivered(let partition, let offset?) in delivered {
                places.insert(PartitionOffset(topic: topic, partition: partition, offset: offset))
            }
            #expect(places.count == 15_840)
            #expect(producer.outstanding == 0)
            await producer.close(deadline: .seconds(5))
        }
    }

    @Test("a full queue is told and waited for, and nothing is lost by it")
    func backpressure() async throws {
        let cluster = try MockCluster()
        try cluster.createTopic("t", partitions: 1)
        let producer = try KafkaProducer(
            cluster.bootstrapServers, properties: ["queue.buffering.max.messages": "10", "linger.ms": "0"])
        let batch = producer.batch(count: 1_000)
        let topic = try producer.topic("t")
        var wasFull = 0
        for index in 0..<1_000 {
            while let error = producer.produce(
                topic: topic, key: nil, value: nil, headers: HeaderList(), batch: batch, index: index)
            {
                #expect(error.code == KafkaError.queueFull && error.isRetriable)
                wasFull += 1
                #expect(try await offPool { producer.waitForSpace(timeout: .seconds(30)) })
            }
        }
        let results = await batch.results()
        #expect(wasFull > 0)
        #expect(results == (0..<1_000).map { .delivered(partition: 0, offset: $0) })
        await producer.close(deadline: .seconds(5))
    }

    @Test("a broker that goes away and comes back loses and repeats nothing, and the outage shows")
    func outage() async throws {
        let cluster = try MockCluster()
        try cluster.createTopic("t", partitions: 1)
        let errors = Mutex<[KafkaError]>([])
        let (down, signal) = AsyncStream<Void>.makeStream()
        let producer = try KafkaProducer(
            configuration: KafkaConfiguration(bootstrapServers: cluster.bootstrapServers), logger: .discarding,
            onError: { error in
                errors.withLock { $0.append(error) }
                if error.code == KafkaError.allBrokersDown { signal.yield() }
            })
        await producer.send(["a"], to: "t")
        try cluster.setBrokerDown(1)
        async let results = producer.send((0..<100).map { "\($0)" }, to: "t")
        for await _ in down { break }
        #expect(producer.isAnyBrokerUp != true)
        #expect(producer.lastError != nil)
        try cluster.setBrokerUp(1)
        #expect(await results == (1...100).map { .delivered(partition: 0, offset: $0) })
        #expect(errors.withLock { $0.allSatisfy { !$0.isFatal } })
        await producer.close(deadline: .seconds(5))
    }

    @Test("a record that is too large fails alone, with the code of its reason", arguments: TestCluster.available)
    func tooLarge(cluster: TestCluster) async throws {
        try await cluster.with(configuration: ["max.message.bytes": "50000"]) { servers, topic in
            // The mock knows no limit of a topic: there it is librdkafka's own.
            let limit = cluster == .mock ? ["message.max.bytes": "50000"] : ["batch.size": "40000"]
            let producer = try KafkaProducer(servers, properties: limit)
            let results = await producer.send(
                ["a", String(repeating: "x", count: 60_000), "b"], to: topic)
            #expect(results.count == 3)
            for index in [0, 2] {
                guard case .delivered = results[index] else {
                    Issue.record("an innocent record ended as \(results[index])")
                    continue
                }
            }
            guard case .failed(let error, mayBeStored: false) = results[1] else {
                Issue.record("the large record ended as \(results[1])")
                return
            }
            #expect(error.code == KafkaError.messageTooLarge && error.name == "MSG_SIZE_TOO_LARGE")
            await producer.close(deadline: .seconds(5))
        }
    }

    @Test("closing without a broker tells of each message that it was surely not sent, or may have been")
    func closeWithoutBroker() async throws {
        let cluster = try MockCluster()
        try cluster.createTopic("t", partitions: 1)
        let producer = try KafkaProducer(cluster.bootstrapServers)
        await producer.send(["a"], to: "t")
        // Accepted by the broker, whose answer does not come.
        try cluster.setRoundTripTime(.seconds(60), ofBroker: 1)
        async let results = producer.send(["on its way"], to: "t")
        while producer.outstanding == 0 { await Task.yield() }
        await producer.flush(deadline: .seconds(3))
        try cluster.setBrokerDown(1)
        async let waiting = producer.send(["b", "c"], to: "t")
        while producer.outstanding < 3 { await Task.yield() }
        await producer.close(deadline: .milliseconds(100))
        guard case .failed(_, mayBeStored: true) = await results[0] else {
            Issue.record("the message in flight ended as \(await results[0])")
            return
        }
        for result in await waiting {
            guard case .failed(let error, mayBeStored: false) = result else {
                Issue.record("a waiting message ended as \(result)")
                continue
            }
            #expect(error.code == KafkaError.purgedFromQueue)
        }
        // Afterwards everything is refused and nothing hangs.
        let late = await producer.send(["d"], to: "t")
        #expect(
            late == [
                .failed(KafkaError(code: KafkaError.clientClosed, message: "the client is closed"), mayBeStored: false)
            ])
        #expect(await producer.flush(deadline: .seconds(1)))
        await producer.close(deadline: .seconds(1))
    }

    @Test("closing and dropping producers does not hang", arguments: 0..<20)
    func closes(_ round: Int) async throws {
        let cluster = try MockCluster()
        try cluster.createTopic("t", partitions: 1)
        let producer = try KafkaProducer(cluster.bootstrapServers)
        if round % 2 == 0 { await producer.send(["a"], to: "t") }
        if round % 3 == 0 { await producer.close(deadline: .seconds(5)) }
    }

    @Test("keys go to the partitions to which Java's clients send them")
    func murmur2() async throws {
        // Kafka's own test vectors (UtilsTest.testMurmur2).
        let hashes: [(String, Int32)] = [
            ("21", -973_932_308), ("foobar", -790_332_482), ("a-little-bit-long-string", -985_981_536),
            ("a-little-bit-longer-string", -1_486_304_829),
            ("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58_897_971), ("abc", 479_470_107),
        ]
        let cluster = try MockCluster()
        try cluster.createTopic("t", partitions: 7)
        let producer = try KafkaProducer(cluster.bootstrapServers)
        let batch = producer.batch(count: hashes.count)
        for (index, (key, _)) in hashes.enumerated() {
            Array(key.utf8).withUnsafeBytes { key in
                #expect(produce(producer, "t", key, nil, HeaderList(), batch, index) == nil)
            }
        }
        let partitions = await batch.results().map { result -> Int32 in
            if case .delivered(let partition, _) = result { partition } else { -1 }
        }
        #expect(partitions == hashes.map { ($0.1 & 0x7fff_ffff) % 7 })
        await producer.close(deadline: .seconds(5))
    }

    private func text(_ value: UnsafeRawBufferPointer??) -> String {
        guard let value else { return "absent" }
        return value.map { String(decoding: $0, as: UTF8.self) } ?? "null"
    }

    private func produce(
        _ producer: KafkaProducer, _ topic: String, _ key: UnsafeRawBufferPointer?, _ value: UnsafeRawBufferPointer?,
        _ headers: HeaderList, _ batch: DeliveryBatch, _ index: Int
    ) -> KafkaError? {
        producer.produce(topic: topic, key: key, value: value, headers: headers, batch: batch, index: index)
    }
}
