import Testing

@testable import TrustlogCore

@Suite("Messages become operations, or are rejected by the contract's codes")
struct OperationDecoderTests {
    @Test("the fields are taken over as they are written")
    func fields() throws {
        let operation = try Message()
            .with("opId", #""a\u00e9\n""#.replacing("\\n", with: "")).with("requestBodyHash", #""""#)
            .with("responseBodyHash", "null").with("clientIp", #""2001:DB8::1""#).decode().get()
        #expect(operation.opId == "aé")
        #expect(operation.timestamp.rfc3339 == "2024-05-01T12:00:00.000000Z")
        #expect(operation.opSource == "IRP")
        #expect(operation.opType == "OC_REGISTER")
        #expect(operation.doPrefix == "86.1000")
        #expect(operation.doRepository == "repo")
        #expect(operation.doid == "86.1000/a")
        #expect(operation.producerId == "p")
        #expect(operation.opActor == "a")
        #expect(operation.requestBodyHash == "")
        #expect(operation.responseBodyHash == nil)
        #expect(operation.clientIp == "2001:DB8::1")
        #expect(operation.serverIp == nil)
        #expect(operation.extra == nil)
    }

    @Test("a known name written with escapes is that field")
    func escapedName() throws {
        let text = Message().text.replacing("\"doid\"", with: #""do\u0069d""#)
        #expect(try decode(text).get().doid == "86.1000/a")
    }

    @Test("names are told apart by case and by bytes")
    func otherNames() throws {
        let operation = try Message().with("OPID", "1").with("opid", "2").with("doId", "3").with("extra", "[]").decode()
            .get()
        #expect(operation.extra == #"{"OPID":1,"doId":3,"extra":[],"opid":2}"#)
    }

    // MARK: Codes

    @Test("a value of 1,048,576 bytes is read, one byte more is too large before all else")
    func tooLarge() throws {
        let limit = 1_048_576
        let message = Message().text
        let padded = message + String(repeating: " ", count: limit - message.utf8.count)
        #expect(throws: Never.self) { try decode(padded).get() }
        #expect(
            rejection(decode(padded + " "))
                == Rejection(
                    code: .tooLarge, message: "the value has 1048577 bytes, at most 1048576 are allowed"))
        let invalid = [UInt8](repeating: 0xFF, count: limit + 1)
        #expect(rejection(OperationDecoder.decode(invalid))?.code == .tooLarge)
        #expect(rejection(OperationDecoder.decode(Array(invalid.dropLast())))?.code == .malformed)
    }

    @Test("a tombstone is malformed")
    func tombstone() {
        #expect(rejection(OperationDecoder.decode(nil, contentType: nil))?.code == .malformed)
        let empty = UnsafeRawBufferPointer(start: nil, count: 0)
        #expect(rejection(OperationDecoder.decode(empty, contentType: empty))?.code == .malformed)
    }

    @Test(
        "what is not one JSON object is malformed and names no field",
        arguments: [
            "", " ", "null", "[]", "1", "\"{}\"", "{", "{}}", "{} {}", "{}x", "[{}]", "\u{FEFF}{}",
            "{\"a\":\"\\ud800\"}",
            "{\"opId\":\"\\udfff\"}", "{\"opId\":\"a\nb\"}", "{\"opId\":01}", "{\"opId\":[}", "{\"x\":\"\\q\"}",
        ])
    func malformed(text: String) {
        #expect(rejection(decode(text))?.code == .malformed)
        #expect(rejection(decode(text))?.field == nil)
    }

    @Test("invalid UTF-8 is malformed wherever it stands")
    func invalidUTF8() {
        for position in [0, 8, 30] {
            var bytes = Array(Message().text.utf8)
            bytes[position] = 0xC3
            #expect(rejection(OperationDecoder.decode(bytes))?.code == .malformed)
        }
    }

    @Test(
        "a duplicate key is malformed and named, at any depth, before anything is invalid",
        arguments: [
            (#"{"opId":1,"opId":2}"#, "opId"), (#"{"opId":"a","op\u0049d":"a"}"#, "opId"),
            (#"{"x":1,"y":2,"x":3}"#, "x"),
            (#"{"x":{"k":1,"k":1}}"#, "k"), (#"{"opId":[{"in":1,"in":2}]}"#, "in"),
            (#"{"x":[[{"a":{"":0,"\u0000":1,"":2}}]]}"#, ""),
            (#"{"x\n":1,"x\u000a":3}"#, "x\n"),
        ])
    func duplicates(text: String, name: String) {
        #expect(rejection(decode(text))?.code == .malformed)
        #expect(rejection(decode(text))?.field == name)
    }

    @Test("64 levels with the operation as the first are read, 65 are malformed")
    func depth() {
        func nested(_ levels: Int) -> String {
            Message().with("x", String(repeating: "[", count: levels - 1) + String(repeating: "]", count: levels - 1))
                .text
        }
        #expect(throws: Never.self) { try decode(nested(64)).get() }
        #expect(rejection(decode(nested(65)))?.code == .malformed)
        let inField = Message().with("opId", String(repeating: "[", count: 64) + String(repeating: "]", count: 64))
        #expect(rejection(inField.decode())?.code == .malformed)
    }

    @Test(
        "what is malformed is told with its place",
        arguments: [
            (#"{"a" 1}"#, "expected ':' after a member's name at byte 5"),
            ("{}x", "something follows the JSON object at byte 2"),
            (#"{"a":1"#, "the text ends too early at byte 6"), ("[]", "expected a JSON object at byte 0"),
        ])
    func place(text: String, message: String) {
        #expect(
            rejection(decode(text))?.description == "malformed: not one JSON object as the contract has it: " + message)
    }

    @Test("malformed outranks invalid: everything is parsed before anything is judged")
    func order() {
        #expect(rejection(decode(#"{"opId":"","x":1e999,"y":}"#))?.code == .malformed)
        #expect(rejection(decode(#"{"opId":"","x":1e999}trailing"#))?.code == .malformed)
    }

    // MARK: The table

    @Test(
        "a required field that is missing, null or no string is invalid and named", arguments: OperationField.allCases)
    func required(field: OperationField) throws {
        let absent = Message().with(field.name, nil).decode()
        let null = Message().with(field.name, "null").decode()
        if field.isRequired {
            #expect(
                rejection(absent) == Rejection(code: .invalid, field: field.name, message: "\(field.name) is missing"))
            #expect(rejection(null)?.field == field.name)
        } else {
            #expect(throws: Never.self) { try absent.get() }
            #expect(try Record.encode(null.get(), source: nil) == Record.encode(absent.get(), source: nil))
        }
        for value in ["1", "1e999", "true", "{}", "[]", #"["a"]"#, #"{"a":"b"}"#] {
            let rejection = rejection(Message().with(field.name, value).decode())
            #expect(rejection?.code == .invalid)
            #expect(rejection?.field == field.name)
        }
    }

    static let sizes: [(OperationField, Int, Int)] = [
        (.opId, 1, 128), (.opSource, 1, 64), (.opType, 1, 64), (.doPrefix, 1, 256), (.doRepository, 1, 256),
        (.doid, 1, 512),
        (.producerId, 1, 256), (.opActor, 1, 256), (.requestBodyHash, 0, 256), (.responseBodyHash, 0, 256),
    ]

    @Test("text is limited in bytes of UTF-8: the limit is allowed, one more or one less is not", arguments: sizes)
    func limits(field: OperationField, least: Int, most: Int) throws {
        let accents = String(repeating: "é", count: most / 2)
        for value in [text(least), text(most), accents] {
            #expect(throws: Never.self) { try Message().with(field.name, jsonString(value)).decode().get() }
            let escaped = "\"" + String(repeating: "\\u0078", count: value.utf8.count) + "\""
            #expect(throws: Never.self) { try Message().with(field.name, escaped).decode().get() }
        }
        for value in [text(most + 1), accents + "x", text(most - 1) + "é"] {
            let rejection = rejection(Message().with(field.name, jsonString(value)).decode())
            #expect(rejection?.code == .invalid)
            #expect(rejection?.field == field.name)
        }
        let empty = rejection(Message().with(field.name, #""""#).decode())
        #expect(empty?.field == (least == 0 ? nil : field.name))
    }

    @Test("U+0000 is allowed in no column", arguments: OperationField.allCases)
    func nul(field: OperationField) {
        #expect(rejection(Message().with(field.name, #""a\u0000b""#).decode())?.field == field.name)
    }

    @Test("control characters are refused in opId only, all of the category Cc and nothing else")
    func controlCharacters() {
        for value in 0x01...0x2FF {
            let json = jsonString("a" + String(Unicode.Scalar(value)!))
            let isControl = value < 0x20 || (0x7F...0x9F).contains(value)
            #expect(rejection(Message().with("opId", json).decode())?.field == (isControl ? "opId" : nil))
            #expect(throws: Never.self) { try Message().with("opActor", json).decode().get() }
        }
        #expect(throws: Never.self) {
            try Message().with("opId", jsonString("\u{2028}\u{FEFF}\u{200B}\u{E000}\u{10FFFF}")).decode().get()
        }
    }

    @Test("times and addresses are checked")
    func otherRules() {
        #expect(rejection(Message().with("timestamp", #""yesterday""#).decode())?.field == "timestamp")
        #expect(rejection(Message().with("timestamp", #""""#).decode())?.field == "timestamp")
        for field in ["clientIp", "serverIp"] {
            for value in ["", "localhost", "fe80::1%eth0", "01.2.3.4"] {
                #expect(rejection(Message().with(field, jsonString(value)).decode())?.field == field)
            }
        }
    }

    // MARK: Other members

    @Test("what the contract does not name becomes one canonical object, nulls and all planes included")
    func extra() throws {
        let operation = try Message().with("z", " { \"b\" : 1.0, \"a\" : [ null ] } ").with("nul", #""\u0000""#)
            .with("source", #""mine""#).with("😀", "1e3").with("n", "null").decode().get()
        #expect(operation.extra == #"{"n":null,"nul":"\u0000","source":"mine","z":{"a":[null],"b":1},"😀":1000}"#)
    }

    @Test("64 KiB of other members in canonical form are allowed, one byte more is not")
    func extraLimit() throws {
        let frame = #"{"x":""}"#.utf8.count
        let atLimit = Message().with("x", jsonString(text(65_536 - frame)))
        #expect(try atLimit.decode().get().extra?.utf8.count == 65_536)
        let beyond = rejection(Message().with("x", jsonString(text(65_537 - frame))).decode())
        #expect(beyond?.code == .invalid)
        #expect(beyond?.field == "extra")
        let spaced = Message().with("x", "[" + String(repeating: " ", count: 100_000) + "]")
        #expect(throws: Never.self) { try spaced.decode().get() }
        let expanding = Message().with("x", "[" + Array(repeating: "1e20", count: 4000).joined(separator: ",") + "]")
        #expect(rejection(expanding.decode())?.field == "extra")
    }

    @Test(
        "numbers that no double keeps, or that overflow, are invalid and named by their member",
        arguments: [
            "9007199254740992", "-9007199254740992", "9007199254740993", "12345678901234567890",
            "100000000000000000000",
            "1e309", "-1e309", "1.8e308", "[[{\"a\":9007199254740992}]]", "{\"b\":[1,2,1e999]}",
            "1" + String(repeating: "0", count: 400),
        ])
    func forbiddenNumbers(json: String) {
        let rejection = rejection(Message().with("fine", "1").with("amount", json).with("more", "1e999").decode())
        #expect(rejection?.code == .invalid)
        #expect(rejection?.field == "amount")
        #expect(rejection?.message.contains("more") == true)
    }

    @Test(
        "numbers at the limit are allowed",
        arguments: [
            "9007199254740991", "-9007199254740991", "1.7976931348623157e308", "9007199254740993.0", "1e-999",
            "9007199254740992e0",
        ])
    func allowedNumbers(json: String) {
        #expect(throws: Never.self) { try Message().with("amount", json).decode().get() }
    }

    // MARK: What is named, what is told

    @Test(
        "the first violation in the order of the table is named, whatever the order of the document; the message tells all"
    )
    func firstViolation() throws {
        let message = Message().with("zz", "1e999").with("aa", "1e999").with("serverIp", #""x""#).with("opActor", nil)
            .with("doid", "7").with("timestamp", #""x""#)
        let first = try #require(rejection(message.decode()))
        #expect(first.field == "timestamp")
        let told = ["timestamp", "doid", "opActor", "serverIp", "zz", "aa"].map {
            first.message.firstRange(of: $0)?.lowerBound
        }
        #expect(told.allSatisfy { $0 != nil })
        #expect(told.compactMap(\.self).sorted() == told.compactMap(\.self))
        let others = rejection(
            Message().with("zz", "1e999").with("big", jsonString(text(70_000))).with("aa", "1e999").decode())
        #expect(others?.field == "zz")
        #expect(others?.message.contains("extra has") == true)
    }

    @Test("no input makes a rejection too large for a header")
    func boundedRejection() throws {
        let members = (0..<50_000).map { "\"m\($0)\":1e999" }.joined(separator: ",")
        let many = try #require(rejection(decode("{" + members + "}")))
        #expect(many.field == "opId")
        #expect(many.message.utf8.count < 9000)
        #expect(many.message.contains("more"))
        let name = String(repeating: "é", count: 200_000)
        let long = try #require(rejection(decode("{\"\(name)\":1,\"\(name)\":1}")))
        #expect(long.field?.utf8.count == 1023)
        #expect(long.message.utf8.count < 9000)
        let number = try #require(rejection(Message().with(name, "1e999").decode()))
        #expect((number.field?.utf8.count ?? 0) <= 1024)
    }
}
