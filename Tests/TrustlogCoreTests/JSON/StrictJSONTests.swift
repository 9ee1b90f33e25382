import Testing

@testable import TrustlogCore

@Suite("Strict JSON")
struct StrictJSONTests {
    @Test(
        "what is not JSON is refused",
        arguments: [
            "", " ", "{", "}", "[", "[1", "[1,", "[1,]", "[,1]", "{\"a\"}", "{\"a\":}", "{\"a\":1", "{\"a\":1,",
            "{\"a\":1,}",
            "{,}", "{a:1}", "{'a':1}", "\"", "\"a", "\"\\", "\"\\\"", "\"\\x\"", "\"\\u\"", "\"\\u12\"", "\"\\u12g4\"",
            "\"\\u+123\"", "\"a\tb\"", "\"a\nb\"", "\"\u{0}\"", "nul", "nulll", "True", "tru", "falsee", "NaN",
            "Infinity",
            "-", "+1", "01", "-01", "1.", ".5", "1.e5", "1e", "1e+", "0x10", "1_000", "--1", "1 2", "{} {}", "{}x",
            "[1 2]", "{\"a\" 1}", "{\"a\":1 \"b\":2}", "/*c*/1", "\u{FEFF}1", "1\u{A0}", "1\u{0}", "\u{0C}1",
        ])
    func refused(json: String) {
        #expect(throws: JSONError.self) { try canonical(json) }
    }

    @Test(
        "what is JSON is read, whatever white space is between",
        arguments: [
            (" \t\r\n{ \"a\" : [ 1 , 2 ] , \"b\" : { } }\n", #"{"a":[1,2],"b":{}}"#), ("[]", "[]"), ("[ ]", "[]"),
            ("\"\\/\"", "\"/\""), ("\"\\u0041\"", "\"A\""), ("\"\\uD83D\\uDE00\"", "\"\u{1F600}\""),
            ("\"\\u0000\"", #""\u0000""#), ("\"\u{7F}\u{80}\u{2028}\"", "\"\u{7F}\u{80}\u{2028}\""), ("null", "null"),
        ])
    func read(json: String, expected: String) throws {
        #expect(Array(try canonical(json).utf8) == Array(expected.utf8))
    }

    @Test(
        "half of a surrogate pair is refused",
        arguments: [
            #""\ud800""#, #""\udc00""#, #""\ud800x""#, #""\ud800\n""#, #""\ud800\ud800""#, #""\ud800\u0041""#,
            #""\udc00\ud800""#, #""\ud800\u""#, #""\ud800\"#,
        ])
    func surrogates(json: String) {
        #expect(throws: JSONError.self) { try canonical(json) }
    }

    @Test(
        "a name that is there twice in one object is refused, however it is written",
        arguments: [
            (#"{"a":1,"a":1}"#, "a"), (#"{"a":1,"b":2,"\u0061":3}"#, "a"), (#"[{"x":{"":1,"y":2,"":3}}]"#, ""),
            (#"{"\ud83d\ude00":1,"b":{},"😀":1}"#, "😀"), (#"{"b":{"a":{"z":1,"z":2}},"a":1}"#, "z"),
        ])
    func duplicates(json: String, name: String) throws {
        var parser = JSONParser()
        let input = Array(json.utf8)
        let error = #expect(throws: JSONError.self) { try parser.appendValue(input.span, level: 0) }
        #expect(error?.reason == .duplicateName)
        #expect(parser.duplicateName == name)
    }

    @Test(
        "the same name in different objects is no duplicate; names that are only canonically equivalent are not the same"
    )
    func noDuplicates() throws {
        #expect(
            try canonical(#"{"a":{"a":{"a":1}},"b":[{"a":1},{"a":2}]}"#)
                == #"{"a":{"a":{"a":1}},"b":[{"a":1},{"a":2}]}"#)
        #expect(try canonical("{\"\u{e9}\":1,\"e\u{301}\":2}").utf8.count == 16)
    }

    @Test("64 levels are read, 65 are not, whether of arrays or objects", arguments: [("[", "]"), ("{\"a\":", "}")])
    func depth(open: String, close: String) throws {
        func nested(_ levels: Int) -> String {
            let inner = open == "[" ? "" : "1"
            return String(repeating: open, count: levels) + inner + String(repeating: close, count: levels)
        }
        #expect(try canonical(nested(64)) == nested(64))
        let error = #expect(throws: JSONError.self) { try canonical(nested(65)) }
        #expect(error?.reason == .tooDeep)
        #expect(throws: JSONError.self) { try canonical(String(repeating: open, count: 100_000)) }
    }

    @Test(
        "bytes that are not UTF-8 are refused",
        arguments: [
            [0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xE2, 0x82], [0x80],
            [0xF8, 0x88, 0x80, 0x80, 0x80],
        ] as [[UInt8]])
    func invalidUTF8(bytes: [UInt8]) {
        let input = [UInt8(ascii: "\"")] + bytes + [UInt8(ascii: "\"")]
        let error = #expect(throws: JSONError.self) { try JSONParser.validate(input.span) }
        #expect(error?.reason == .invalidUTF8)
        #expect(error?.offset == 1)
    }

    @Test("an object of 100,000 members in falling order is sorted, and its one duplicate found")
    func manyMembers() throws {
        let names = (0..<100_000).map { "\"\(999_999 - $0)\":0" }
        let sorted = try canonical("{" + names.joined(separator: ",") + "}")
        #expect(sorted.hasPrefix("{\"900000\":0,\"900001\":0"))
        #expect(throws: JSONError.self) { try canonical("{" + names.joined(separator: ",") + ",\"950000\":1}") }
    }
}
