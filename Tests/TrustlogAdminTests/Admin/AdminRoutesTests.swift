import Testing

@testable import TrustlogAdmin

private struct FakeSource: AdminDataSource {
    var failure: AdminDataError?

    private func answer(_ text: String) throws(AdminDataError) -> String {
        if let failure { throw failure }
        return text
    }

    func status() async throws(AdminDataError) -> String { try answer(#"{"running":true}"#) }

    func cursors() async throws(AdminDataError) -> String { try answer("[]") }

    func retries(_ query: RetriesQuery) async throws(AdminDataError) -> String {
        try answer("[\(query.onlyDeadLetters),\(JSONText.quoted(query.errorContains ?? "")),\(query.limit)]")
    }

    func operation(opId: String) async throws(AdminDataError) -> String? {
        opId == "unknown" ? nil : try answer("{\"opId\":\(JSONText.quoted(opId))}")
    }
}

@Suite("admin API")
struct AdminRoutesTests {
    private func serving(
        _ source: some AdminDataSource = FakeSource(), _ body: (UInt16) async throws -> Void
    ) async throws {
        let server = HTTPServer.admin(on: ListenEndpoint(host: "127.0.0.1", port: 0), source: source, logger: nil)
        try await server.serving(body)
    }

    @Test("status and cursors are the source's JSON")
    func listings() async throws {
        try await serving { port async throws in
            let status = try await get("/api/v1/status", port: port)
            #expect(status.status == 200)
            #expect(status.contentType == "application/json")
            #expect(status.text == #"{"running":true}"#)
            #expect(try await get("/api/v1/cursors", port: port).text == "[]")
        }
    }

    @Test("retries take filters, and refuse those that they do not know")
    func retries() async throws {
        try await serving { port async throws in
            for (query, answer) in [
                ("", #"[false,"",1000]"#), ("?dead", #"[true,"",1000]"#), ("?dead=false&limit=5", #"[false,"",5]"#),
                ("?error=too%20large+x&dead=true", #"[true,"too large x",1000]"#),
            ] {
                #expect(try await get("/api/v1/retries\(query)", port: port).text == answer)
            }
            for query in [
                "?limit=0", "?limit=1001", "?limit=x", "?dead=maybe", "?error=%00", "?error=%zz", "?color=red",
            ] {
                let response = try await get("/api/v1/retries\(query)", port: port)
                #expect(response.status == 400, "\(query)")
                #expect(response.text.hasPrefix("{\"error\":\""))
            }
        }
    }

    @Test("an operation is found by any opId, percent-encoded")
    func operations() async throws {
        try await serving { port async throws in
            for opId in ["a", "a/b", "a b", "100%", "ü😀", "?&=#", String(repeating: "x", count: 128), "\"\\"] {
                let response = try await get("/api/v1/operations/\(PercentEncoding.encodeSegment(opId))", port: port)
                #expect(response.status == 200)
                #expect(response.text == "{\"opId\":\(JSONText.quoted(opId))}")
            }
            for opId in [String(repeating: "x", count: 129), "a\0b", "\n", "\u{85}"] {
                let path = "/api/v1/operations/\(PercentEncoding.encodeSegment(opId))"
                #expect(try await get(path, port: port).status == 400)
            }
            let unknown = try await get("/api/v1/operations/unknown", port: port)
            #expect(unknown.status == 404)
            #expect(unknown.text == "{\"error\":\"there is no operation with this opId\"}\n")
            #expect(try await get("/api/v1/operations/", port: port).status == 404)
        }
    }

    @Test("what the source cannot answer is 503 if asking again may help, else 500")
    func failures() async throws {
        for (kind, status) in [(AdminDataError.Kind.unavailable, 503), (.failed, 500)] {
            try await serving(FakeSource(failure: AdminDataError(kind, "database: connection refused"))) {
                port async throws in
                for path in ["status", "cursors", "retries", "operations/a"] {
                    let response = try await get("/api/v1/\(path)", port: port)
                    #expect(response.status == status)
                    #expect(response.text == "{\"error\":\"database: connection refused\"}\n")
                }
            }
        }
    }

    @Test("another page's name for this address is answered nothing, neither data nor console")
    func rebinding() async throws {
        try await serving { port async throws in
            for path in ["/", "/console.js", "/api/v1/status"] {
                let answer = try await RawClient.exchange(
                    port: port, "GET \(path) HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n")
                #expect(answer.hasPrefix("HTTP/1.1 421 "))
                #expect(!answer.contains("running"))
            }
        }
    }

    @Test("the console loads only what this server serves, and runs nothing that stands in the page")
    func console() async throws {
        try await serving { port async throws in
            let answer = try await RawClient.exchange(port: port, request("GET", "/"))
            #expect(answer.contains("\r\nContent-Security-Policy: default-src 'none'; script-src 'self';"))
            #expect(answer.contains("\r\nX-Frame-Options: DENY\r\n"))
            #expect(!answer.contains("unsafe"))
            let page = try await get("/", port: port).text
            #expect(!page.contains("http:") && !page.contains("https:") && !page.contains(" style="))
            #expect(page.firstMatch(of: /\son[a-z]+=/) == nil)
            for (path, type) in [
                ("console.css", "text/css; charset=utf-8"), ("console.js", "text/javascript; charset=utf-8"),
                ("icon.svg", "image/svg+xml"),
            ] {
                #expect(page.contains("\"\(path)\""))
                let file = try await get("/\(path)", port: port)
                #expect(file.status == 200)
                #expect(file.contentType == type)
                #expect(!file.body.isEmpty)
            }
        }
    }

    @Test("the console's script never makes markup of what it was told")
    func consoleScript() async throws {
        try await serving { port async throws in
            let script = try await get("/console.js", port: port).text
            for sink in ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "Function("] {
                #expect(!script.contains(sink))
            }
        }
    }
}
