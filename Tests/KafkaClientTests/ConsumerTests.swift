import KafkaClient
import Testing

@Suite("Consumer")
struct ConsumerTests {
    @Test("nothing is fetched before a partition is started, and then from the offset given")
    func startsLater() async throws {
        let cluster = try MockCluster()
        try cluster.createTopic("t", partitions: 1)
        let producer = try KafkaProducer(cluster.bootstrapServers)
        await producer.send((0..<10).map { "m\($0)" }, to: "t")

        let driver = try ConsumerDriver(cluster.bootstrapServers, group: "g")
        try await driver.join(["t"])
        for _ in 0..<5 { try await driver.poll() }
        #expect(await driver.records.isEmpty)

        try await driver.perform { try $0.start([PartitionOffset(topic: "t", partition: 0, offset: 4)]) }
        try await driver.poll { $0.records.count >= 6 }
        #expect(await driver.records.map(\.text) == (4..<10).map { "m\($0)" })
        await driver.close()
        await producer.close(deadline: .seconds(5))
    }
}
