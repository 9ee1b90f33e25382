import Testing

@testable import TrustlogAdmin

@Suite("listening")
struct ListeningTests {
    private let routes: [HTTPRoute] = [.get("/") { _ in .text("here") }]

    private func server(_ host: String, _ port: UInt16 = 0) -> HTTPServer {
        HTTPServer(endpoint: ListenEndpoint(host: host, port: port), routes: routes)
    }

    @Test("[::] answers IPv6 and IPv4")
    func dualStack() async throws {
        try await server("::").serving { port async throws in
            #expect(try await get("/", port: port, host: "::1").text == "here")
            #expect(try await get("/", port: port, host: "127.0.0.1").text == "here")
        }
    }

    @Test("a single address answers there only")
    func singleAddress() async throws {
        try await server("::1").serving { port async throws in
            #expect(try await get("/", port: port, host: "::1").text == "here")
            await #expect(throws: LoopbackHTTPError.self) { try await get("/", port: port, host: "127.0.0.1") }
        }
        try await server("0.0.0.0").serving { port async throws in
            #expect(try await get("/", port: port).text == "here")
        }
    }

    @Test("a port in use is told as such, and free again after stop")
    func addressInUse() async throws {
        let first = server("127.0.0.1")
        try first.start()
        let port = try #require(first.port)
        let second = server("127.0.0.1", port)
        let error = try #require(throws: HTTPServerError.self) { try second.start() }
        #expect(error.reason == .addressInUse)
        #expect("\(error)".hasPrefix("cannot listen on 127.0.0.1:\(port): the port is in use by another process"))
        #expect(second.port == nil)
        first.stop()
        try await second.serving { port async throws in
            #expect(try await get("/", port: port).text == "here")
        }
    }

    @Test("an address of another machine and an unknown name are told as such")
    func unusableHosts() throws {
        let foreign = try #require(throws: HTTPServerError.self) { try server("192.0.2.1").start() }
        #expect(foreign.reason == .addressNotAvailable)
        let unknown = try #require(throws: HTTPServerError.self) { try server("no-such-host.invalid").start() }
        guard case .unresolvable = unknown.reason else {
            Issue.record("\(unknown)")
            return
        }
    }

    @Test("a server is started once, and stopped as often as one likes")
    func lifecycle() throws {
        let server = server("127.0.0.1")
        try server.start()
        #expect(throws: HTTPServerError.self) { try server.start() }
        server.stop()
        server.stop()
        let error = try #require(throws: HTTPServerError.self) { try server.start() }
        #expect(error.reason == .startedBefore)
    }

    @Test("an endpoint is read as it is written")
    func parsing() throws {
        for (text, host, port) in [
            ("0.0.0.0:8464", "0.0.0.0", 8464), ("[::]:8464", "::", 8464), ("localhost:0", "localhost", 0),
            ("[fe80::1%eth0]:65535", "fe80::1%eth0", 65535),
        ] {
            let endpoint = try ListenEndpoint(parsing: text)
            #expect(endpoint == ListenEndpoint(host: host, port: UInt16(port)))
            #expect("\(endpoint)" == text)
        }
        for text in [
            "", ":", "8464", ":8464", "host", "host:", "::1:8464", "host:65536", "host:-1", "host:+1", "host: 1",
            "[]:1",
            "ho st:1", "a/b:1", "[::1]8464",
        ] {
            #expect(throws: ListenEndpointError.self, "\(text)") { try ListenEndpoint(parsing: text) }
        }
    }

    @Test("a wildcard is asked over loopback, any other address as it is")
    func dialHost() {
        #expect(ListenEndpoint(host: "0.0.0.0", port: 1).dialHost == "127.0.0.1")
        #expect(ListenEndpoint(host: "::", port: 1).dialHost == "::1")
        #expect(ListenEndpoint(host: "0:0::0", port: 1).dialHost == "::1")
        #expect(ListenEndpoint(host: "10.0.0.1", port: 1).dialHost == "10.0.0.1")
    }
}
