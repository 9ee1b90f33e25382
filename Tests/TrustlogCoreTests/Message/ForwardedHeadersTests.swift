import Testing

@testable import TrustlogCore

@Suite("Headers to pass on")
struct ForwardedHeadersTests {
    @Test("none is null in the column")
    func none() throws {
        #expect(ForwardedHeaders.encode([]) == nil)
        #expect(try ForwardedHeaders.decode(nil).isEmpty)
        #expect(try ForwardedHeaders.decode("{}").isEmpty)
    }

    @Test("they are one canonical object, the last of equal names, and come back in its order")
    func roundTrip() throws {
        let text = ForwardedHeaders.encode([
            ("tracestate", "a=1"), ("traceparent", "00-1"), ("tracestate", "b=\"2\"\n"), ("\u{FB33}", ""),
            ("\u{1F600}", "é"),
        ])
        #expect(
            text == "{\"traceparent\":\"00-1\",\"tracestate\":\"b=\\\"2\\\"\\n\",\"\u{1F600}\":\"é\",\"\u{FB33}\":\"\"}"
        )
        let headers = try ForwardedHeaders.decode(text)
        #expect(headers.map(\.name) == ["traceparent", "tracestate", "\u{1F600}", "\u{FB33}"])
        #expect(headers.map(\.value) == ["00-1", "b=\"2\"\n", "é", ""])
    }

    @Test("names that differ in bytes only are two")
    func exactNames() throws {
        let text = ForwardedHeaders.encode([("\u{e9}", "1"), ("e\u{301}", "2")])
        #expect(try ForwardedHeaders.decode(text).count == 2)
    }

    @Test(
        "a member that is no text costs the others nothing",
        arguments: [
            #""n":5"#, #""n":null"#, #""n":{"b":["1"]}"#, #""n":[1,null]"#, #""n":true"#, #""n":1e400"#,
            #""n":"\ud800""#,
            #""\ud800":"1""#, #""a":"0""#,
        ])
    func otherMembers(member: String) throws {
        for text in ["{\(member),\"a\":\"1\",\"b\":\"\"}", "{\"x\":\"\",\(member),\"a\":\"1\",\"b\":\"\"}"] {
            let headers = try ForwardedHeaders.decode(text)
            #expect(headers.filter { $0.name != "x" }.map(\.name) == ["a", "b"], "\(text)")
            #expect(headers.filter { $0.name != "x" }.map(\.value) == ["1", ""], "\(text)")
        }
    }

    @Test("of equal names the last one counts, also if it is no text")
    func equalNames() throws {
        #expect(try ForwardedHeaders.decode(#"{"a":"1","b":"2","\u0061":"3"}"#).map(\.value) == ["2", "3"])
        #expect(try ForwardedHeaders.decode(#"{"a":"1","b":"2","a":null}"#).map(\.value) == ["2"])
    }

    @Test(
        "a column that an application filled with something else is an error",
        arguments: [
            "", "null", "[]", "{\"a\":\"1\"}x", "{\"a\":\"1\",}", "{\"a\":\"1}", "{\"a\":nul}", "{\"a\":\"\t\"}",
        ])
    func refused(text: String) {
        let error = #expect(throws: Rejection.self) { try ForwardedHeaders.decode(text) }
        #expect(error?.field == "headers")
    }
}
