import Testing
import TrustlogTestKit

@Suite("The test kit's servers")
struct ServerTests {
    @Test("a broker keeps its topics over a kill, and creates none by itself", .requires(.kafka, .kcat))
    func kafka() async throws {
        let broker = try await KafkaBroker.start(settings: ["auto.create.topics.enable": "false"])
        let topic = try await broker.createTopic(partitions: 3)
        try await Kcat(broker).produce(topic, lines: ["k\tv"])
        await #expect(throws: CommandError.self) { try await Kcat(broker).produce("not-there", lines: ["k\tv"]) }
        try await broker.kill()
        try await broker.resume()
        let messages = try await Kcat(broker).consume(topic)
        #expect(messages.map(\.text) == ["v"])
        #expect(try await broker.topics().contains("not-there") == false)
        try await broker.destroy()
    }

    @Test("PostgreSQL answers again after a kill", .requires(.postgreSQL))
    func postgreSQL() async throws {
        let server = try await PostgreSQLServer.start()
        try await server.psql("CREATE TABLE t (a int); INSERT INTO t VALUES (7)")
        try await server.stop()
        try await server.startAgain()
        #expect(try await server.psql("SELECT a FROM t") == "7\n")
        try await server.kill()
        try await server.startAgain()
        #expect(try await server.psql("SELECT 1") == "1\n")
    }

    @Test("MariaDB answers again after a kill", .requires(.mariaDB))
    func mariaDB() async throws {
        let server = try await MariaDBServer.start()
        try await server.sql("CREATE TABLE t (a int); INSERT INTO t VALUES (7)")
        try await server.stop()
        try await server.startAgain()
        #expect(try await server.sql("SELECT a FROM t") == "7\n")
        try await server.kill()
        try await server.startAgain()
        #expect(try await server.sql("SELECT 1") == "1\n")
    }

    @Test("a proxy cuts and restores a connection", .requires(.toxiproxy))
    func toxiproxy() async throws {
        let upstream = try await Toxiproxy.start()
        let server = try await Toxiproxy.start()
        let proxy = try await server.proxy(to: upstream.port)
        #expect(await HTTP.status(port: proxy.port, path: "/version") == 200)
        try await proxy.disable()
        #expect(await HTTP.status(port: proxy.port, path: "/version") == nil)
        try await proxy.enable()
        try await proxy.add(toxic: "latency", attributes: ["latency": 1])
        #expect(await HTTP.status(port: proxy.port, path: "/version") == 200)
        try await proxy.remove(toxic: "latency")
    }
}
