import Foundation
import Testing

@testable import TrustlogCore

/// A message with the required fields, changed as a test wants it.
struct Message {
    /// Names and values as JSON text, in order.
    var members: [(name: String, json: String)] = [
        ("opId", #""op-1""#), ("timestamp", #""2024-05-01T12:00:00Z""#), ("opSource", #""IRP""#),
        ("opType", #""OC_REGISTER""#), ("doPrefix", #""86.1000""#), ("doRepository", #""repo""#),
        ("doid", #""86.1000/a""#), ("producerId", #""p""#), ("opActor", #""a""#),
    ]

    /// Sets a member, or takes it away with `nil`; a new one goes to the end.
    func with(_ name: String, _ json: String?) -> Message {
        var copy = self
        if let index = copy.members.firstIndex(where: { $0.name == name }) {
            if let json { copy.members[index].json = json } else { copy.members.remove(at: index) }
        } else if let json {
            copy.members.append((name, json))
        }
        return copy
    }

    var text: String {
        "{" + members.map { "\"\($0.name)\":\($0.json)" }.joined(separator: ",") + "}"
    }

    func decode(contentType: String? = nil) -> Result<TrustlogCore.Operation, Rejection> {
        OperationDecoder.decode(Array(text.utf8), contentType: contentType)
    }
}

func decode(_ text: String, contentType: String? = nil) -> Result<TrustlogCore.Operation, Rejection> {
    OperationDecoder.decode(Array(text.utf8), contentType: contentType)
}

func rejection(_ result: Result<TrustlogCore.Operation, Rejection>) -> Rejection? {
    if case .failure(let rejection) = result { rejection } else { nil }
}

func jsonString(_ text: String) -> String {
    ReferenceJSON.string(Array(text.utf16)).canonical
}

/// Text of so many bytes.
func text(_ count: Int) -> String {
    String(repeating: "x", count: count)
}

/// RFC 8785 by the code under test.
func canonical(_ json: String) throws -> String {
    var parser = JSONParser()
    let input = Array(json.utf8)
    try JSONParser.validate(input.span)
    parser.skipWhitespace(input.span)
    try parser.appendValue(input.span, level: 0)
    try parser.expectEnd(input.span)
    return String(decoding: parser.canonical, as: UTF8.self)
}

/// A file of the folder Golden.
func golden(_ name: String) throws -> [UInt8] {
    let url = try #require(Bundle.module.url(forResource: "Golden", withExtension: nil))
    return Array(try Data(contentsOf: url.appendingPathComponent(name)))
}

func goldenText(_ name: String) throws -> String {
    String(decoding: try golden(name), as: UTF8.self)
}

/// SplitMix64: the same numbers for the same seed, everywhere.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

func decodeBase64(_ text: String) -> [UInt8]? {
    Base64.decode(text.utf8.span)
}

func encodeBase64(_ bytes: [UInt8]) -> String {
    String(decoding: Base64.encode(bytes.span), as: UTF8.self)
}
