import Testing

@testable import TrustlogCore

@Suite("Operations made in a program keep the same rules")
struct OperationValidationTests {
    func operation() throws -> TrustlogCore.Operation {
        try Message().with("clientIp", #""::1""#).with("requestBodyHash", #""""#).with("n", "1e20").decode().get()
    }

    @Test("what came from a message is valid")
    func valid() throws {
        try operation().validate()
    }

    @Test("each field is judged as in a message, and all violations are told in the order of the table")
    func violations() throws {
        var operation = try operation()
        operation.opId = "a\u{85}"
        operation.timestamp = Timestamp(microseconds: -1)
        operation.opSource = text(65)
        operation.opType = ""
        operation.doPrefix = "\u{0}"
        operation.doRepository = text(257)
        operation.doid = text(513)
        operation.producerId = ""
        operation.opActor = text(257)
        operation.requestBodyHash = text(257)
        operation.responseBodyHash = "\u{0}"
        operation.clientIp = ""
        operation.serverIp = "::1%lo"
        operation.extra = "[]"
        #expect(operation.violations().map(\.field) == OperationField.allCases.map(\.name) + ["extra"])
        let rejection = #expect(throws: Rejection.self) { try operation.validate() }
        #expect(rejection?.code == .invalid)
        #expect(rejection?.field == "opId")
        #expect(rejection?.message.contains("serverIp") == true)
    }

    @Test("the timestamp's violation is in its place when opId is right")
    func timestampFirst() throws {
        var operation = try operation()
        operation.timestamp = Timestamp(microseconds: Timestamp.allowedMicroseconds.upperBound + 1)
        operation.opType = ""
        #expect(operation.violations().map(\.field) == ["timestamp", "opType"])
    }

    @Test(
        "extra must be canonical",
        arguments: [
            (nil, true), ("{}", true), (#"{"a":1}"#, true), (#"{ "a":1}"#, false), (#"{"a":1.0}"#, false),
            (#"{"b":1,"a":2}"#, false), ("null", false), ("", false), (#"{"a":1,"a":1}"#, false),
            (#"{"a":100000000000000000000}"#, true), (#"{"a":9007199254740993}"#, false), (#"{"a":1e999}"#, false),
        ] as [(String?, Bool)])
    func extra(extra: String?, isValid: Bool) throws {
        var operation = try operation()
        operation.extra = extra
        #expect(operation.violations().isEmpty == isValid)
    }

    @Test("canonicalExtra makes it so, and leaves canonical text as it is")
    func canonicalExtra() throws {
        let made = try Operation.canonicalExtra(fromJSON: #" { "b" : 1.50 , "a" : 1e20, "é": "\u000a" } "#)
        #expect(made == #"{"a":100000000000000000000,"b":1.5,"é":"\n"}"#)
        #expect(try Operation.canonicalExtra(fromJSON: try #require(made)) == made)
        #expect(try Operation.canonicalExtra(fromJSON: Array(" {} ".utf8)) == nil)
    }

    @Test("canonicalExtra refuses what a message could not hold, and names the member")
    func refusedExtra() {
        func rejection(_ json: String) -> Rejection? {
            #expect(throws: Rejection.self) { try Operation.canonicalExtra(fromJSON: json) }
        }
        #expect(rejection("[]")?.code == .malformed)
        #expect(rejection(#"{"a":{"x":1,"x":2}}"#)?.field == "x")
        #expect(rejection(#"{"a":{"x":12345678901234567890}}"#)?.field == "a")
        #expect(rejection("{\"a\":\"\(text(65_529))\"}")?.field == "extra")
        #expect(throws: Never.self) { try Operation.canonicalExtra(fromJSON: "{\"a\":\"\(text(65_528))\"}") }
        #expect(rejection("{\"a\":\"\(text(1_100_000))\"}")?.field == "extra")
    }
}
