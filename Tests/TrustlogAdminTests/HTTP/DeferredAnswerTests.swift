import Testing

@testable import TrustlogAdmin

@Suite("deferred answers")
struct DeferredAnswerTests {
    @Test("a suspended request does not hold up others, and gets its answer when there is one")
    func suspendedAnswer() async throws {
        let gate = Gate()
        let begun = Gate()
        let routes: [HTTPRoute] = [
            .deferred("/slow") { _ in
                begun.open()
                await gate.pass()
                return .text("at last")
            },
            .get("/fast") { _ in .text("now") },
        ]
        try await HTTPServer.loopback(routes).serving { port async throws in
            async let slow = get("/slow", port: port)
            await begun.pass()
            #expect(try await get("/fast", port: port).text == "now")
            gate.open()
            #expect(try await slow.text == "at last")
        }
    }

    @Test("many requests one after the other on one connection are each suspended and answered")
    func repeatedSuspension() async throws {
        let routes: [HTTPRoute] = [.deferred("/*") { .text("<\($0.parameter)>") }]
        try await HTTPServer.loopback(routes).serving { port async throws in
            let requests = (0..<50).map { "GET /\($0) HTTP/1.1\r\nHost: localhost\r\n\r\n" }.joined()
            let answer = try await RawClient.exchange(port: port, requests + request("GET", "/end"))
            for number in 0..<50 { #expect(answer.contains("<\(number)>")) }
            #expect(answer.hasSuffix("<end>"))
        }
    }

    @Test("a handler that ignores its cancellation is given up at the deadline")
    func deadline() async throws {
        let gate = Gate()
        var limits = HTTPServerLimits()
        limits.sleep = { _ in }
        let routes: [HTTPRoute] = [
            .deferred("/stuck") { _ in
                await gate.pass()
                return .text("too late")
            }
        ]
        try await HTTPServer.loopback(routes, errors: .json, limits: limits).serving { port async throws in
            let response = try await get("/stuck", port: port)
            #expect(response.status == 503)
            #expect(response.text.hasPrefix("{\"error\":\"no answer within 5.0 seconds"))
            gate.open()
        }
    }

    @Test("a handler is cancelled at the deadline")
    func cancellation() async throws {
        let cancelled = Gate()
        var limits = HTTPServerLimits()
        limits.sleep = { _ in }
        let routes: [HTTPRoute] = [
            .deferred("/endless") { _ in
                await withTaskCancellationHandler {
                    await cancelled.pass()
                } onCancel: {
                    cancelled.open()
                }
                return .text("")
            }
        ]
        try await HTTPServer.loopback(routes, limits: limits).serving { port async throws in
            #expect(try await get("/endless", port: port).status == 503)
            await cancelled.pass()
        }
    }

    @Test("stuck handlers are bounded: with all places taken the next request is 503 at once")
    func concurrencyLimit() async throws {
        let gate = Gate()
        let begun = [Gate(), Gate()]
        var limits = HTTPServerLimits()
        limits.concurrentAnswers = 2
        limits.sleep = { _ in await gate.pass() }
        let routes: [HTTPRoute] = [
            .deferred("/*") { request in
                begun[request.parameter == "0" ? 0 : 1].open()
                await gate.pass()
                return .text("done")
            }
        ]
        try await HTTPServer.loopback(routes, limits: limits).serving { port async throws in
            async let first = get("/0", port: port)
            async let second = get("/1", port: port)
            await begun[0].pass()
            await begun[1].pass()
            #expect(try await get("/2", port: port).status == 503)
            gate.open()
            // Either the answer or its deadline, which the same gate lets go, comes first.
            #expect([200, 503].contains(try await first.status))
            #expect([200, 503].contains(try await second.status))
        }
    }

    @Test("the server stops at once while requests are suspended")
    func stopWhileSuspended() async throws {
        let gate = Gate()
        let begun = Gate()
        let server = HTTPServer.loopback([
            .deferred("/stuck") { _ in
                begun.open()
                await gate.pass()
                return .text("nobody reads this")
            }
        ])
        try server.start()
        let port = try #require(server.port)
        async let answer = RawClient.exchange(port: port, request("GET", "/stuck"))
        await begun.pass()
        server.stop()
        let text = try await answer
        #expect(text.isEmpty || text.hasPrefix("HTTP/1.1 503 "))
        #expect(server.port == nil)
        gate.open()
    }

    @Test("answers and stopping meet in any order without harm")
    func stopRacesAnswers() async throws {
        for _ in 0..<50 {
            let gate = Gate()
            let begun = Gate()
            let server = HTTPServer.loopback([
                .deferred("/race") { _ in
                    begun.open()
                    await gate.pass()
                    return .text("done")
                }
            ])
            try server.start()
            let port = try #require(server.port)
            async let answer = RawClient.exchange(port: port, request("GET", "/race"))
            await begun.pass()
            async let stopped: Void = offPool { server.stop() }
            gate.open()
            try await stopped
            let text = try await answer
            #expect(text.isEmpty || text.hasPrefix("HTTP/1.1 "))
        }
    }

    @Test("a client that goes away while it is suspended harms nobody")
    func clientGoesAway() async throws {
        let gate = Gate()
        let begun = Gate()
        let routes: [HTTPRoute] = [
            .deferred("/slow") { _ in
                begun.open()
                await gate.pass()
                return .text("done")
            }
        ]
        try await HTTPServer.loopback(routes).serving { port async throws in
            var connection: ClientConnection? = try ClientConnection(
                ListenEndpoint(host: "127.0.0.1", port: port), deadline: .now + .seconds(20))
            try connection?.send(Array(request("GET", "/slow").utf8))
            await begun.pass()
            connection = nil
            gate.open()
            #expect(try await get("/slow", port: port).text == "done")
        }
    }
}
