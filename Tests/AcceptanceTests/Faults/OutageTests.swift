import Testing
import TrustlogTestKit

extension AcceptanceSuite {
    @Suite("A broker that is away")
    struct BrokerOutages {
        @Test(
            "away at the start and again in the middle: the process stays up, says so, and catches up by itself",
            arguments: DatabaseKind.some(.sqlite))
        func away(on database: DatabaseKind) async throws {
            let port = try FreePort.find(consecutive: 2)
            let sidecar = try await Sidecar.withoutTopics(bootstrap: "127.0.0.1:\(port)", on: database)
            let process = try await sidecar.run()
            #expect(await HTTP.status(port: process.httpPort, path: "/livez") == 200)
            #expect(await HTTP.status(port: process.httpPort, path: "/readyz") == 200)
            try await eventually("the metrics say that the broker is away") {
                try await process.metrics()[#"trustlog_component_up{component="broker"}"#] == 0
            }

            let broker = try await KafkaBroker.start(settings: ["auto.create.topics.enable": "false"], port: port)
            try await sidecar.createTopics()
            var generator = OperationGenerator(seed: 6)
            try await sidecar.produce(generator.take(1_000))
            try await sidecar.awaitTrustlogged(1_000, by: process)

            try await sidecar.produce(generator.take(500))
            try await broker.kill()
            try await Task.sleep(for: Scale.outage)
            #expect(process.process.isRunning)
            #expect(await HTTP.status(port: process.httpPort, path: "/livez") == 200)
            try await eventually("the metrics say so again") {
                try await process.metrics()[#"trustlog_component_up{component="broker"}"#] == 0
            }
            try await broker.resume()
            try await sidecar.produce(generator.take(500))
            try await sidecar.awaitTrustlogged(2_000, by: process)
            #expect(try await process.stop() == .exited(0))
            try await broker.destroy()
        }
    }
}
