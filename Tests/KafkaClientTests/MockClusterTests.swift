import KafkaClient
import Testing
import TrustlogTestKit

@Suite("The mock cluster")
struct MockClusterTests {
    @Test("the port of a broker that is down is kept for it")
    func keepsPort() async throws {
        let cluster = try MockCluster()
        let port = try #require(cluster.bootstrapServers.split(separator: ":").last.flatMap { UInt16($0) })
        try cluster.setBrokerDown(1)
        #expect(!FreePort.isFree(port))
        try cluster.setBrokerUp(1)
        try cluster.createTopic("t", partitions: 1)
        let producer = try KafkaProducer(cluster.bootstrapServers)
        #expect(await producer.send(["a"], to: "t").count == 1)
        await producer.close(deadline: .seconds(5))
    }
}
