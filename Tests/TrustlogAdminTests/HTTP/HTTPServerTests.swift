import Synchronization
import Testing

@testable import TrustlogAdmin

@Suite("HTTP server")
struct HTTPServerTests {
    private let hello: [HTTPRoute] = [
        .get("/hello") { _ in .text("hello\n") },
        .get("/items/*") { .text($0.parameter) },
    ]

    @Test("GET answers with the route's body, unstored and unsniffed")
    func getAnswers() async throws {
        try await HTTPServer.loopback(hello).serving { port async throws in
            let answer = try await RawClient.exchange(port: port, request("GET", "/hello?x=1"))
            #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n"))
            #expect(answer.hasSuffix("\r\n\r\nhello\n"))
            #expect(answer.contains("\r\nContent-Length: 6\r\n"))
            #expect(answer.contains("\r\nContent-Type: text/plain; charset=utf-8\r\n"))
            #expect(answer.contains("\r\nCache-Control: no-store\r\n"))
            #expect(answer.contains("\r\nX-Content-Type-Options: nosniff\r\n"))
        }
    }

    @Test("HEAD answers with GET's headers and no body")
    func headAnswers() async throws {
        try await HTTPServer.loopback(hello).serving { port async throws in
            let answer = try await RawClient.exchange(port: port, request("HEAD", "/hello"))
            #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n"))
            #expect(answer.contains("\r\nContent-Length: 6\r\n"))
            #expect(answer.hasSuffix("\r\n\r\n"))
        }
    }

    @Test(
        "a path without a route is 404",
        arguments: ["/", "/hello/", "/hell", "/hello/x", "/items/", "/items", "//hello", "/HELLO"])
    func unknownPath(_ path: String) async throws {
        try await HTTPServer.loopback(hello).serving { port async throws in
            let response = try await get(path, port: port)
            #expect(response.status == 404)
            #expect(response.text == "there is nothing at this path\n")
        }
    }

    @Test("errors of a JSON server are JSON")
    func jsonErrors() async throws {
        try await HTTPServer.loopback(hello, errors: .json).serving { port async throws in
            let response = try await get("/nothing", port: port)
            #expect(response.status == 404)
            #expect(response.contentType == "application/json")
            #expect(response.text == "{\"error\":\"there is nothing at this path\"}\n")
        }
    }

    @Test(
        "any method but GET and HEAD is 405 and told which are allowed",
        arguments: ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW", "get"])
    func otherMethods(_ method: String) async throws {
        try await HTTPServer.loopback(hello).serving { port async throws in
            let answer = try await RawClient.exchange(port: port, request(method, "/hello"))
            #expect(answer.hasPrefix("HTTP/1.1 405 "))
            #expect(answer.contains("\r\nAllow: GET, HEAD\r\n"))
        }
    }

    @Test("a request with a body is 413, however large the body says it is")
    func bodies() async throws {
        try await HTTPServer.loopback(hello).serving { port async throws in
            for header in [
                "Content-Length: 5\r\n", "Content-Length: 99999999999\r\n", "Transfer-Encoding: chunked\r\n",
            ] {
                let answer = try await RawClient.exchange(port: port, request("GET", "/hello", headers: header))
                #expect(answer.hasPrefix("HTTP/1.1 413 "), "\(header)")
            }
        }
    }

    @Test("a request line or headers that are too long are refused, and the server goes on")
    func oversized() async throws {
        try await HTTPServer.loopback(hello).serving { port async throws in
            let long = String(repeating: "a", count: 100_000)
            for text in [
                request("GET", "/\(long)"), request("GET", "/hello", headers: "X-Long: \(long)\r\n"),
                request("GET", "/hello", headers: String(repeating: "X: y\r\n", count: 10_000)), long,
            ] {
                let answer = try await RawClient.exchange(port: port, text)
                #expect(answer.isEmpty || answer.hasPrefix("HTTP/1.1 4"), "\(answer.prefix(40))")
            }
            #expect(try await get("/hello", port: port).status == 200)
        }
    }

    @Test("one connection takes several requests")
    func keepAlive() async throws {
        try await HTTPServer.loopback(hello).serving { port async throws in
            let first = "GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n"
            let answer = try await RawClient.exchange(port: port, first + first + request("GET", "/items/last"))
            #expect(answer.split(separator: "HTTP/1.1 200 OK").count == 3)
            #expect(answer.hasSuffix("last"))
        }
    }

    @Test("what follows a route's prefix is one parameter, decoded after it was cut out")
    func parameters() async throws {
        try await HTTPServer.loopback(hello).serving { port async throws in
            for (path, parameter) in [
                ("a", "a"), ("a%2Fb", "a/b"), ("a/b", "a/b"), ("%25", "%"), ("%c3%bc", "ü"), ("a+b", "a+b"),
                ("%00", "\0"),
            ] {
                let response = try await get("/items/\(path)", port: port)
                #expect(response.status == 200)
                #expect(response.body == Array(parameter.utf8), "\(path)")
            }
            for path in ["%", "%2", "%zz", "%ff", "%c3"] {
                #expect(try await get("/items/\(path)", port: port).status == 400, "\(path)")
            }
        }
    }

    @Test("a target in absolute form is its path; one that is no path is refused")
    func targets() async throws {
        try await HTTPServer.loopback(hello).serving { port async throws in
            for (target, status) in [
                ("http://localhost/hello", "200"), ("HTTP://x/hello?a", "200"), ("http://x", "404"),
            ] {
                let answer = try await RawClient.exchange(port: port, request("GET", target))
                #expect(answer.hasPrefix("HTTP/1.1 \(status) "), "\(target)")
            }
            for target in ["*", "hello", "ftp://x/hello", "http:/hello"] {
                let answer = try await RawClient.exchange(port: port, request("GET", target))
                #expect(answer.hasPrefix("HTTP/1.1 400 "), "\(target)")
            }
        }
    }

    @Test("many clients at once are all answered")
    func concurrentRequests() async throws {
        var limits = HTTPServerLimits()
        limits.connectionsPerAddress = 0
        try await HTTPServer.loopback(hello, limits: limits).serving { port async throws in
            try await withThrowingTaskGroup(of: Int.self) { group in
                for number in 0..<200 {
                    group.addTask { try await get("/items/\(number)", port: port).text == "\(number)" ? 1 : 0 }
                }
                let answered = try await group.reduce(0, +)
                #expect(answered == 200)
            }
        }
    }

    @Test("clients that send half a request cannot keep others out: the longest idle one is closed")
    func idleClientsMakeRoom() async throws {
        var limits = HTTPServerLimits()
        limits.connections = 16
        limits.connectionsPerAddress = 0
        limits.idleTimeout = .seconds(3_600)
        let server = HTTPServer.loopback(hello, limits: limits)
        try server.start()
        let port = try #require(server.port)
        try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<40 {
                group.addTask { try await RawClient.exchange(port: port, "GET /hello HTTP/1.1\r\nHost: lo") }
            }
            // At most 16 of the 40 are open, so 24 are closed, none with an answer.
            for _ in 0..<24 {
                let answer = try await group.next()
                #expect(answer == "")
            }
            for _ in 0..<40 {
                let status = try await get("/hello", port: port).status
                #expect(status == 200)
            }
            server.stop()
            for try await answer in group { #expect(answer.isEmpty) }
        }
    }

    @Test("bytes that are no HTTP never end the server")
    func malformedRequests() async throws {
        var random = SeededRandom(seed: 8464)
        let valid = Array(request("GET", "/items/a%20b?x=%41&y", headers: "Accept: */*\r\n").utf8)
        try await HTTPServer.loopback(hello, hosts: .listener(ListenEndpoint(host: "127.0.0.1", port: 0))).serving {
            port in
            for _ in 0..<300 {
                let mutated = random.mutated(valid) + Array("\r\n\r\n".utf8)
                let answer = try await RawClient.exchange(port: port, mutated + Array(request("GET", "/hello").utf8))
                #expect(answer.isEmpty || answer.hasPrefix("HTTP/1.") || answer.contains("hello"))
            }
            #expect(try await get("/hello", port: port).status == 200)
        }
    }
}
