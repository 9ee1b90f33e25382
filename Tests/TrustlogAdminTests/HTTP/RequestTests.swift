import Testing

@testable import TrustlogAdmin

@Suite("requests")
struct RequestTests {
    @Test("percent-encoding is decoded strictly, and what is encoded comes back")
    func percentEncoding() {
        #expect(PercentEncoding.decode("a%2fb%2Fc") == "a/b/c")
        #expect(PercentEncoding.decode("a+b") == "a+b")
        #expect(PercentEncoding.decode("a+b", plusIsSpace: true) == "a b")
        for bad in ["%", "%4", "%4g", "%%41", "%C3", "%ED%A0%80", "%80"] {
            #expect(PercentEncoding.decode(bad) == nil, "\(bad)")
        }
        for text in ["", "a/b c%d", "ü€😀", "\0\n", "~-._", "../x?y#z"] {
            let encoded = PercentEncoding.encodeSegment(text)
            #expect(encoded.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "/") })
            #expect(PercentEncoding.decode(encoded).map { Array($0.utf8) } == Array(text.utf8))
        }
    }

    @Test("a query is split before it is decoded")
    func query() throws {
        let request = try #require(HTTPRequest(target: "/x?a=1&b&c=%26%3D+z&&=v&a=2=3"))
        let items = try request.queryItems().map { "\($0.name)|\($0.value)" }
        #expect(items == ["a|1", "b|", "c|&= z", "|v", "a|2=3"])
        #expect(request.rawPath == "/x")
        #expect(throws: HTTPRequest.QueryError.self) { try HTTPRequest(target: "/x?a=%zz")?.queryItems() }
    }

    @Test("a flag counts with and without a value, and not as the beginning of another name")
    func flags() {
        for target in ["/?verbose", "/?verbose=1", "/?a=b&verbose=", "/?verbose&x"] {
            #expect(HTTPRequest(target: target)?.hasFlag("verbose") == true, "\(target)")
        }
        for target in ["/", "/?", "/?verbosely", "/?x=verbose", "/verbose"] {
            #expect(HTTPRequest(target: target)?.hasFlag("verbose") == false, "\(target)")
        }
    }
}
