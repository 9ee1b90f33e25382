import Testing
import TrustlogAdmin

@Suite("trustlog health")
struct HealthCommandTests {
    private func asking(
        _ registry: HealthRegistry, _ host: String = "127.0.0.1", _ body: (UInt16) async throws -> Void
    ) async throws {
        let server = HTTPServer.health(
            on: ListenEndpoint(host: host, port: 0), health: registry, logger: nil, metrics: { "" })
        try server.start()
        defer { server.stop() }
        try await body(try #require(server.port))
    }

    @Test("a process that is alive is exit 0, also where it listens on all addresses")
    func alive() async throws {
        let registry = HealthRegistry(readiness: .failOpen)
        _ = registry.heartbeat("ingest", deadline: .seconds(3_600))
        for host in ["127.0.0.1", "0.0.0.0"] {
            try await asking(registry, host) { port in
                let outcome = await trustlog("health", "--set", "http.listen=\(host):\(port)")
                #expect(outcome.code == 0)
                #expect(outcome.output == "alive (127.0.0.1:\(port))\n")
            }
        }
    }

    @Test("a loop whose heartbeat is late is exit 1 with its name")
    func late() async throws {
        let registry = HealthRegistry(readiness: .failOpen)
        _ = registry.heartbeat("ingest", deadline: .zero)
        try await asking(registry) { port in
            let outcome = await trustlog("health", "--set", "http.listen=127.0.0.1:\(port)")
            #expect(outcome.code == 1)
            #expect(outcome.output.isEmpty)
            #expect(outcome.error.hasPrefix("error: not alive: ingest: "))
        }
    }

    @Test("nobody there, or nobody to ask, is exit 1 with the reason")
    func nobody() async {
        let nobody = await trustlog("health", "--set", "http.listen=127.0.0.1:1", "--timeout", "2s")
        #expect(nobody.code == 1)
        #expect(nobody.error.hasPrefix("error: not alive: nothing listens on 127.0.0.1:1\nhint: "))
        let off = await trustlog("health", "--set", "http.listen=off")
        #expect(off.code == 1)
        #expect(off.error.hasPrefix("error: http.listen is off: there is nobody to ask\n"))
    }

    @Test("a time limit that is none is a wrong command line")
    func timeout() async {
        for text in ["0s", "soon", "-1s"] { #expect(await trustlog("health", "--timeout=\(text)").code == 64) }
    }
}
