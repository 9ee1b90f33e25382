import Testing

@testable import TrustlogAdmin

@Suite("Host header")
struct HostPolicyTests {
    private func allows(_ hosts: [String], on host: String) -> Bool {
        HostPolicy.listener(ListenEndpoint(host: host, port: 8465)).allows(hosts)
    }

    @Test(
        "names and addresses of loopback are answered",
        arguments: [
            "localhost", "LOCALHOST:8465", "localhost.:80", "127.0.0.1", "127.9.9.9:1", "[::1]:8465", "[::1]",
            "[::ffff:127.0.0.1]",
        ])
    func loopback(_ host: String) {
        #expect(allows([host], on: "127.0.0.1"))
    }

    @Test(
        "a name that anyone may point here, and what is no host, are not",
        arguments: [
            "evil.example", "evil.example:8465", "localhost.evil.example", "127.0.0.1.evil.example", "10.0.0.1",
            "[2001:db8::1]", "", ":8465", "[::1", "[::1]x", "localhost:evil", "127.0.0.1:80:80", "local\0host",
            "0x7f.1",
        ])
    func foreign(_ host: String) {
        #expect(!allows([host], on: "127.0.0.1"))
    }

    @Test("the host that is listened on is answered")
    func configuredHost() {
        #expect(allows(["Admin.Internal:8465"], on: "admin.internal"))
        #expect(allows(["[2001:DB8::0:1]:8465"], on: "2001:db8::1"))
        #expect(!allows(["other.internal"], on: "admin.internal"))
    }

    @Test("on a wildcard any IP address is answered, as no name server can give one away, but no name")
    func wildcard() {
        #expect(allows(["10.1.2.3:8465"], on: "0.0.0.0"))
        #expect(allows(["[2001:db8::1]"], on: "::"))
        #expect(!allows(["evil.example"], on: "0.0.0.0"))
    }

    @Test("two Host headers are refused, none is HTTP/1.0")
    func count() {
        #expect(!allows(["localhost", "localhost"], on: "127.0.0.1"))
        #expect(allows([], on: "127.0.0.1"))
    }

    @Test("the server answers 421 to a foreign Host, and 400 to HTTP/1.1 without one")
    func overHTTP() async throws {
        let server = HTTPServer.loopback(
            [.get("/") { _ in .text("secret") }], hosts: .listener(ListenEndpoint(host: "127.0.0.1", port: 0)))
        try await server.serving { port async throws in
            for (headers, status) in [
                ("Host: evil.example\r\n", 421), ("Host: localhost\r\nHost: evil.example\r\n", 421), ("", 400),
                ("Host: 127.0.0.1:\(port)\r\n", 200),
            ] {
                let answer = try await RawClient.exchange(
                    port: port, "GET / HTTP/1.1\r\nConnection: close\r\n\(headers)\r\n")
                #expect(answer.hasPrefix("HTTP/1.1 \(status) "), "\(headers)")
                #expect(answer.contains("secret") == (status == 200))
            }
        }
    }
}
