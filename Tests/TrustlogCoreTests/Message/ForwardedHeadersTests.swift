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
        "a column that an application filled with something else is an error",
        arguments: [
            "", "null", "[]", "{\"a\":1}", "{\"a\":null}", "{\"a\":\"1\",\"a\":\"2\"}", "{\"a\":\"1\"}x",
            "{\"a\":\"\\ud800\"}",
        ])
    func refused(text: String) {
        let error = #expect(throws: Rejection.self) { try ForwardedHeaders.decode(text) }
        #expect(error?.field == "headers")
    }
}
