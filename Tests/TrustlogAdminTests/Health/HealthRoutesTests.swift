import Testing

@testable import TrustlogAdmin

@Suite("health over HTTP")
struct HealthRoutesTests {
    private let clock = FakeClock()

    private func serving(
        _ registry: HealthRegistry, metrics: String = "", _ body: (UInt16) async throws -> Void
    ) async throws {
        let server = HTTPServer.health(
            on: ListenEndpoint(host: "127.0.0.1", port: 0), health: registry, logger: nil, metrics: { metrics })
        try await server.serving(body)
    }

    @Test("checks that hold are 200 and ok, others 503 with the reason")
    func plain() async throws {
        let registry = HealthRegistry(readiness: .failClosed, clock: clock.health)
        let database = registry.dependency("database")
        let heartbeat = registry.heartbeat("ingest", deadline: .seconds(30))
        try await serving(registry) { port async throws in
            #expect(try await get("/startupz", port: port).status == 503)
            #expect(try await get("/startupz", port: port).text == "startup: still starting\n")
            registry.markStarted()
            #expect(try await get("/startupz", port: port).text == "ok\n")
            database.lost("connection refused")
            #expect(try await get("/readyz", port: port).status == 503)
            #expect(try await get("/readyz", port: port).text == "database: connection refused\n")
            #expect(try await get("/livez", port: port).status == 200)
            database.reached()
            #expect(try await get("/readyz", port: port).status == 200)
            clock.advance(seconds: 31)
            #expect(try await get("/livez", port: port).status == 503)
            heartbeat.beat()
            #expect(try await get("/livez", port: port).text == "ok\n")
        }
    }

    @Test("?verbose is JSON, one object a check, with the same status")
    func verbose() async throws {
        let registry = HealthRegistry(readiness: .failClosed, clock: clock.health)
        registry.markStarted()
        registry.dependency("broker").lost("no \"route\"\n\u{1}\\")
        _ = registry.heartbeat("ingest", deadline: .seconds(30))
        try await serving(registry) { port async throws in
            let ready = try await get("/readyz?verbose", port: port)
            #expect(ready.status == 503)
            #expect(ready.contentType == "application/json")
            #expect(
                ready.text == #"""
                    [{"name":"startup","ok":true,"since":"2026-01-02T03:04:05.000000Z",\#
                    "detail":"settings and keys are loaded, the workers run"},\#
                    {"name":"broker","ok":false,"since":"2026-01-02T03:04:05.000000Z",\#
                    "detail":"no \"route\"\n\u0001\\"}]

                    """#)
            let live = try await get("/livez?verbose", port: port)
            #expect(live.status == 200)
            #expect(
                live.text.hasPrefix(#"[{"name":"ingest","ok":true,"since":"2026-01-02T03:04:05.000000Z","detail":""#))
        }
    }

    @Test("metrics have Prometheus' content type")
    func metrics() async throws {
        let registry = HealthRegistry(readiness: .failOpen, clock: clock.health)
        try await serving(registry, metrics: "trustlog_dead_letters 0\n") { port async throws in
            let response = try await get("/metrics", port: port)
            #expect(response.contentType == "text/plain; version=0.0.4; charset=utf-8")
            #expect(response.text == "trustlog_dead_letters 0\n")
        }
    }

    @Test("probes answer whatever Host they are asked by")
    func anyHost() async throws {
        let registry = HealthRegistry(readiness: .failOpen, clock: clock.health)
        try await serving(registry) { port async throws in
            let answer = try await RawClient.exchange(
                port: port, "GET /livez HTTP/1.1\r\nHost: pod.example\r\nConnection: close\r\n\r\n")
            #expect(answer.hasPrefix("HTTP/1.1 200 "))
        }
    }
}
