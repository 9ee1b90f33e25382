import KafkaClient
import Testing
import TrustlogTestKit

@Suite("Admin")
struct AdminTests {
    @Test(
        "topics are created once, described, and an unknown one is reported, not created",
        .requires(.kafka))
    func topics() async throws {
        let servers = try await KafkaBroker.shared().bootstrap
        let admin = try KafkaAdmin(configuration: KafkaConfiguration(bootstrapServers: servers), logger: .discarding)
        let name = "admin-\(UInt32.random(in: 0 ... .max))"
        let topic = NewTopic(name: name, partitions: 3, configuration: ["max.message.bytes": "12345"])
        #expect(try await admin.createTopics([topic]).map(\.outcome) == [.created])
        #expect(try await admin.createTopics([topic]).map(\.outcome) == [.existed])
        let bad = try await admin.createTopics([
            NewTopic(name: name + "/", partitions: 1), NewTopic(name: name + "2", partitions: 1),
        ])
        guard case .failed(let refusal) = bad[0].outcome else {
            Issue.record("a bad name became a topic: \(bad[0].outcome)")
            return
        }
        #expect(refusal.name == "TOPIC_EXCEPTION")
        #expect(bad[1].outcome == .created)
        #expect(try await admin.topicConfiguration(name)["max.message.bytes"] == "12345")
        let error = await #expect(throws: KafkaError.self) { try await admin.topicConfiguration(name + "3") }
        #expect(error?.code == KafkaError.unknownTopicOrPartition)

        for _ in 0..<2 {
            let metadata = try await admin.metadata([name, name + "3"])
            #expect(metadata.map(\.partitions) == [3, 0])
            #expect(metadata.map { $0.error?.code } == [nil, KafkaError.unknownTopicOrPartition])
        }
        await admin.close()
        await #expect(throws: KafkaError.self) { try await admin.metadata([name]) }
    }

    @Test("members of a group are counted", .requires(.kafka))
    func members() async throws {
        try await TestCluster.real.with { servers, topic in
            let admin = try KafkaAdmin(
                configuration: KafkaConfiguration(bootstrapServers: servers), logger: .discarding)
            #expect(try await admin.consumerGroupMembers(topic) == nil)
            let driver = try ConsumerDriver(servers, group: topic)
            try await driver.join([topic])
            #expect(try await admin.consumerGroupMembers(topic) == 1)
            #expect(await driver.perform { $0.memberID } != nil)
            // A dynamic member leaves its group when it is closed.
            await driver.close()
            #expect(try await admin.consumerGroupMembers(topic) == 0)
            await admin.close()
        }
    }

    @Test("a cluster that is down is out of reach, with the reason, and comes back")
    func reach() async throws {
        let cluster = try MockCluster()
        let admin = try KafkaAdmin(
            configuration: KafkaConfiguration(bootstrapServers: cluster.bootstrapServers), logger: .discarding)
        #expect(await admin.clusterReachable(timeout: .seconds(10)))
        try cluster.setBrokerDown(1)
        #expect(await !admin.clusterReachable(timeout: .milliseconds(500)))
        let error = await #expect(throws: KafkaError.self) { try await admin.reach(timeout: .milliseconds(500)) }
        #expect(error?.code == KafkaError.transport || error?.code == KafkaError.allBrokersDown)
        try cluster.setBrokerUp(1)
        try await admin.reach(timeout: .seconds(30))
        await admin.close()
    }
}
