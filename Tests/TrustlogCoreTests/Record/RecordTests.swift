import Testing

@testable import TrustlogCore

@Suite("Records")
struct RecordTests {
    @Test("each golden message becomes the golden record, byte for byte", arguments: try GoldenCase.all())
    func encode(golden: GoldenCase) throws {
        let operation = try OperationDecoder.decode(Array(golden.message.utf8)).get()
        let record = Record.encode(operation, source: golden.source)
        #expect(String(decoding: record, as: UTF8.self) == golden.record)
        #expect(record == Array(golden.record.utf8))
        if let source = golden.source { #expect(Digest.sha256Hex(Array(golden.message.utf8)) == source.digest) }
    }

    @Test("each golden record is read back as what it was made of", arguments: try GoldenCase.all())
    func decode(golden: GoldenCase) throws {
        let (operation, source) = try Record.decode(Array(golden.record.utf8))
        #expect(source == golden.source)
        #expect(Record.hasSameContent(operation, try OperationDecoder.decode(Array(golden.message.utf8)).get()))
    }

    @Test("an empty object of other members is left out of the record")
    func emptyExtra() throws {
        var operation = try Message().decode().get()
        let record = Record.encode(operation, source: nil)
        operation.extra = "{}"
        #expect(Record.encode(operation, source: nil) == record)
    }

    @Test("append leaves what is there")
    func append() throws {
        let operation = try Message().decode().get()
        var bytes: [UInt8] = [1, 2]
        Record.append(operation, source: nil, to: &bytes)
        #expect(bytes == [1, 2] + Record.encode(operation, source: nil))
    }

    @Test(
        "anything but the canonical record is refused",
        arguments: [
            ("{\"doPrefix\"", "{ \"doPrefix\""), ("\"IRP\"", "\"IR\\u0050\""), ("12:00:00.000000Z", "12:00:00Z"),
            ("12:00:00.000000Z", "12:00:00.000000+00:00"), ("\"IRP\"", "\"\""), ("{\"do", "{\"aa\":1,\"do"),
            ("\"opActor\":\"a\"", "\"opActor\":1"), ("\"opActor\":\"a\",", ""), ("{\"do", "{\"clientIp\":null,\"do"),
            ("\"opActor\"", "\"extra\":{},\"opActor\""), ("\"opActor\"", "\"extra\":[],\"opActor\""),
            ("\"opActor\"", "\"extra\":{\"b\":1,\"a\":2},\"opActor\""),
            ("\"opActor\"", "\"extra\":{\"a\":1.0},\"opActor\""),
            ("\"opActor\"", "\"extra\":{\"a\":9007199254740993},\"opActor\""),
            ("\"timestamp\"", "\"source\":{},\"timestamp\""),
            ("\"timestamp\"", "\"source\":null,\"timestamp\""),
            (
                "\"timestamp\"",
                "\"source\":{\"digest\":\"00\",\"offset\":1,\"partition\":1,\"topic\":\"t\"},\"timestamp\""
            ),
            ("}", "} "), ("}", "}}"), ("{", ""),
        ])
    func refused(part: String, replacement: String) throws {
        let record = String(decoding: Record.encode(try Message().decode().get(), source: nil), as: UTF8.self)
        let changed = record.replacing(part, with: replacement)
        #expect(changed != record)
        #expect(throws: RecordError.self) { try Record.decode(Array(changed.utf8)) }
    }

    @Test("bytes beyond any record are refused unread")
    func tooLarge() {
        let error = #expect(throws: RecordError.self) { try Record.decode([UInt8](repeating: 0x20, count: 1_048_577)) }
        #expect(error?.description.contains("1048577 bytes") == true)
    }

    @Test("a source is read back only if it is whole", arguments: ["topic", "offset", "partition", "digest"])
    func source(member: String) throws {
        let source = RecordSource(topic: "t", partition: 1, offset: 1, digest: Digest.sha256Hex([UInt8]()))
        let bytes = Record.encode(try Message().decode().get(), source: source)
        #expect(try Record.decode(bytes).source == source)
        let record = String(decoding: bytes, as: UTF8.self)
        for replacement in ["\"x\":", "\"\(member)\":null,\"zz\":", "\"\(member)\":1.5,\"zz\":"] {
            let changed = record.replacing("\"\(member)\":", with: replacement)
            #expect(throws: RecordError.self) { try Record.decode(Array(changed.utf8)) }
        }
    }

    @Test("content is the same if the records are, sources aside; text counts byte by byte")
    func sameContent() throws {
        let one = try Message().with("opActor", jsonString("é")).decode().get()
        let other = try Message().with("opActor", jsonString("e\u{301}")).decode().get()
        #expect(Record.hasSameContent(one, one))
        #expect(!Record.hasSameContent(one, other))
        let spaced = try TrustlogCoreTests.decode(
            Message().with("opActor", jsonString("é")).text.replacing(":", with: " : ").replacing(
                "12 : 00 : 00Z", with: "14:00:00.0000009+02:00")
        ).get()
        #expect(Record.hasSameContent(one, spaced))
        for field in OperationField.allCases {
            let value =
                switch field {
                case .timestamp: #""2024-05-01T12:00:00.000001Z""#
                case .clientIp, .serverIp: #""::1""#
                default: #""other""#
                }
            let changed = try Message().with(field.name, value).decode().get()
            #expect(!Record.hasSameContent(changed, try Message().decode().get()), "\(field)")
        }
        #expect(!Record.hasSameContent(try Message().with("x", "1").decode().get(), try Message().decode().get()))
        #expect(
            !Record.hasSameContent(
                try Message().with("requestBodyHash", #""""#).decode().get(), try Message().decode().get()))
    }
}
