import KafkaClient
import Observability
import Testing

@Suite("Configuration and log")
struct ConfigurationTests {
    private func open(_ properties: [String: String]) throws(KafkaError) {
        _ = try KafkaProducer(
            configuration: KafkaConfiguration(bootstrapServers: "127.0.0.1:1", properties: properties),
            logger: .discarding)
    }

    @Test("an unknown property is named")
    func unknown() {
        let error = #expect(throws: KafkaError.self) { try open(["no.such.thing": "1"]) }
        #expect(error?.message.contains("no.such.thing") == true)
    }

    @Test("a refused value is told with its property, a secret one is not")
    func refused() {
        let error = #expect(throws: KafkaError.self) { try open(["linger.ms": "soon"]) }
        #expect(error?.message.contains("linger.ms") == true && error?.message.contains("soon") == true)
        // Each is refused at another place; the last value is a part of librdkafka's own reason.
        for secrets in [
            ["security.protocol": "ssl", "ssl.key.pem": "hunter2"],
            [
                "sasl.oauthbearer.client.secret": "hunter2", "transactional.id": "hunter2",
                "transaction.timeout.ms": "-1",
            ],
            [
                "ssl.keystore.password": "No such file or directory", "ssl.keystore.location": "/nowhere",
                "security.protocol": "ssl",
            ],
        ] {
            let error = #expect(throws: KafkaError.self) { try open(secrets) }
            #expect(error?.message.contains("hunter2") == false)
            #expect(error?.message.contains("No such file") == false)
        }
    }

    @Test("settings that a promise rests on win over the user's")
    func guarded() throws {
        // Contradicts acks=all: librdkafka would refuse it together with idempotence.
        try open(["acks": "0", "enable.idempotence": "false"])
    }

    @Test("a broker that cannot be reached is logged once a minute, not 20 times a second")
    func limitedLog() async throws {
        let handler = RecordingHandler()
        let time = TestTime()
        let log = LibraryLog(
            logger: Logger(label: "test", level: .debug, handler: handler), limiter: LibraryLog.Limiter()
        ) { time.now }
        let line = "[thrd:127.0.0.1:1/bootstrap]: 127.0.0.1:1/bootstrap: Connect to ipv4#127.0.0.1:1 failed"
        for _ in 0..<100 { log.receive(level: 3, facility: "FAIL", text: line) }
        log.receive(level: 3, facility: "FAIL", text: line.replacingPort())
        log.receive(level: 4, facility: "MAXPOLL", text: "one")
        log.receive(level: 4, facility: "MAXPOLL", text: "two")
        #expect(handler.messages.count == 4)
        #expect(handler.messages.first?.hasPrefix("warning [thrd:127.0.0.1:1/bootstrap]") == true)
        time.advance(by: .seconds(61))
        log.receive(level: 3, facility: "FAIL", text: line)
        #expect(handler.messages.count == 5)
        #expect(handler.messages.last?.contains("\"suppressed\": \"99\"") == true)
    }

    @Test("a cooperative assignor is warned of with this librdkafka")
    func cooperative() async throws {
        let handler = RecordingHandler()
        let driver = try ConsumerDriver(
            "127.0.0.1:1", group: "g", properties: ["partition.assignment.strategy": "cooperative-sticky"],
            logger: Logger(label: "test", level: .warning, handler: handler))
        #expect(handler.messages.contains { $0.contains("2.10.1") && $0.contains(KafkaLibrary.version) })
        await driver.close()
    }
}

extension String {
    fileprivate func replacingPort() -> String {
        String(map { $0 == "1" ? "2" : $0 })
    }
}
