import CommandLineTool
import Testing

@Suite("JSON")
struct JSONTests {
    private let value: JSONValue = [
        "z": nil, "a": true, "n": -5, "d": 0.25, "w": 3.0, "s": "\"\\\n\u{1}\u{7F}é", "l": [1, [], [:]],
    ]

    @Test("members keep their order, text is escaped, whole numbers have no fraction")
    func compact() {
        #expect(
            value.compactText
                == #"{"z":null,"a":true,"n":-5,"d":0.25,"w":3,"s":"\"\\\n\u0001\u007fé","l":[1,[],{}]}"#)
    }

    @Test("the indented form reads back the same")
    func pretty() throws {
        #expect(value.prettyText.hasPrefix("{\n  \"z\": null,\n  \"a\": true,"))
        #expect(try JSONValue(json: value.prettyText).compactText == value.compactText)
    }

    @Test("what JSON cannot say is null")
    func notFinite() {
        #expect(JSONValue.array([.number(.nan), .number(.infinity)]).compactText == "[null,null]")
    }

    @Test("escapes and numbers are read")
    func reads() throws {
        let read = try JSONValue(json: #" { "a" : "\u00e9\ud83d\ude00\/\b" , "b":[1.5e2,-0,12345678901234567890] } "#)
        #expect(read["a"]?.stringValue == "é😀/\u{8}")
        #expect(read["b"]?.arrayValue == [.number(150), .integer(0), .number(1.2345678901234567e19)])
        #expect(read["b"]?.arrayValue?.first?.integerValue == 150)
        #expect(read["c"] == nil)
    }

    @Test(
        "what is no JSON is refused with its place",
        arguments: [
            ("", 0), ("{", 1), ("[1,]", 3), ("{\"a\":1,}", 7), ("01", 1), ("1.", 2), ("nul", 0), ("\"\\ud800\"", 7),
            ("\"\\ud800\\u0041\"", 13), ("\"a\nb\"", 3), ("\"\\x\"", 3), ("[1] 2", 4), ("1e999", 5), ("-", 1),
            ("\"\\u12+4\"", 3), ("\"open", 5),
        ])
    func refuses(text: String, offset: Int) {
        #expect {
            try JSONValue(json: text)
        } throws: { error in
            (error as? JSONReadError)?.offset == offset
        }
    }

    @Test("nesting is bounded, so that no answer overflows the stack")
    func nesting() throws {
        let nested = { (depth: Int) in String(repeating: "[", count: depth) + String(repeating: "]", count: depth) }
        #expect(try JSONValue(json: nested(128)).arrayValue != nil)
        #expect(throws: JSONReadError.self) { try JSONValue(json: nested(129)) }
        #expect(throws: JSONReadError.self) {
            try JSONValue(json: [UInt8](repeating: UInt8(ascii: "["), count: 1_000_000))
        }
    }

    @Test("bytes that are not UTF-8 are refused")
    func notUTF8() {
        #expect(throws: JSONReadError.self) { try JSONValue(json: [0x22, 0xFF, 0x22]) }
    }
}
