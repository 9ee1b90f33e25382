import Testing

@testable import TrustlogCore

@Suite("CloudEvents in structured mode")
struct CloudEventTests {
    static let structured = "application/cloudevents+json"

    func event(_ data: String, _ rest: String = "") -> String {
        #"{"specversion":"1.0","id":"1","source":"/s","type":"t","big":12345678901234567890,"data":"# + data + rest
            + "}"
    }

    @Test(
        "the media type decides, in any case and whatever its parameters",
        arguments: [
            (structured, true), ("Application/CloudEvents+JSON", true),
            ("application/cloudevents+json; charset=UTF-8", true),
            (" application/cloudevents+json ;x", true), ("application/cloudevents+json\t", true),
            ("application/json", false), ("", false), ("application/cloudevents", false),
            ("application/cloudevents-batch+json", false), ("application/cloudevents+jsonx", false),
            ("x application/cloudevents+json", false), ("text/plain; a=application/cloudevents+json", false),
        ])
    func mediaType(contentType: String, isEvent: Bool) throws {
        let result = decode(event(Message().text), contentType: contentType)
        #expect((rejection(result) == nil) == isEvent)
        let bare = Message().decode(contentType: contentType)
        #expect((rejection(bare) == nil) == !isEvent)
    }

    @Test("data is the operation; nothing of the event gets into it")
    func data() throws {
        let bare = try Message().with("x", "1").decode().get()
        let wrapped = try decode(event(Message().with("x", "1").text), contentType: Self.structured).get()
        #expect(Record.encode(wrapped, source: nil) == Record.encode(bare, source: nil))
        let escaped = event(Message().text).replacing("\"data\"", with: #""d\u0061ta""#)
        #expect(throws: Never.self) { try decode(escaped, contentType: Self.structured).get() }
    }

    @Test(
        "an event without such data, or that is itself not one JSON object, is malformed",
        arguments: [
            "{}", #"{"data":null}"#, #"{"data":"{}"}"#, #"{"data":[{}]}"#, #"{"data_base64":"e30="}"#, #"{"Data":{}}"#,
            "[]",
            #"{"data":{}"#, #"{"data":{}} x"#, #"{"data":{},"data":{}}"#, #"{"id":1,"data":{},"id":2}"#,
            #"{"data":{},"x":{"a":1,"a":2}}"#,
            #"{"data":{},"id":"\ud800"}"#,
        ])
    func malformed(text: String) {
        #expect(rejection(decode(text, contentType: Self.structured))?.code == .malformed)
    }

    @Test("duplicate keys of the event are named; of its data, too")
    func duplicates() {
        #expect(rejection(decode(event("{}", #","id":2"#), contentType: Self.structured))?.field == "id")
        #expect(rejection(decode(event(#"{"a":1,"a":2}"#), contentType: Self.structured))?.field == "a")
    }

    @Test("the operation object is level 1 of 64")
    func depth() {
        func nested(_ levels: Int) -> String {
            event(
                Message().with(
                    "x", String(repeating: "[", count: levels - 1) + String(repeating: "]", count: levels - 1)
                ).text)
        }
        #expect(rejection(decode(nested(64), contentType: Self.structured)) == nil)
        #expect(rejection(decode(nested(65), contentType: Self.structured))?.code == .malformed)
    }

    @Test("invalid data is invalid; the value's limit counts the whole event")
    func otherCodes() {
        #expect(
            rejection(decode(event(Message().with("doid", "1").text), contentType: Self.structured))?.field == "doid")
        let large = event(Message().text, #","p":""# + text(1_048_576) + "\"")
        #expect(rejection(decode(large, contentType: Self.structured))?.code == .tooLarge)
    }
}
