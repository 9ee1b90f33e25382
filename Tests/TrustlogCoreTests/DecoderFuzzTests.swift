import Foundation
import Testing

@testable import TrustlogCore

/// Seeded, so that a failure comes back. The libFuzzer driver in Fuzz/ looks further.
@Suite("Mutated messages")
struct DecoderFuzzTests {
    static let seeds: [String] = [
        Message().text,
        Message().with("clientIp", #""2001:db8::1""#).with("requestBodyHash", "null").with("n", "-1.5e3").text,
        Message().with("opId", #""a\u00e9\ud83d\ude00""#).with("x", #"{"b":[1,2,{"c":null}],"a":"\n\u0000"}"#).text,
        Message().with("extra", #"{"extra":[true,false]}"#).with("source", #""s""#).with("😀", "12345678").text,
    ]
    static let tokens: [String] = [
        "\"", "\\", "{", "}", "[", "]", ",", ":", "0", "1e400", "-", "null", "true", "\\u0000", "\\ud83d", "\\ude00",
        "é", "😀",
        " ", "\n", "\u{0}", "\"opId\"", "\"x\":1,", "9007199254740993", "\u{7F}", "\u{85}", "1e-7", "0.1",
    ]

    func mutated(_ generator: inout SeededGenerator) -> [UInt8] {
        var bytes = Array(Self.seeds.randomElement(using: &generator)!.utf8)
        for _ in 0..<Int.random(in: 1...2, using: &generator) {
            let position = Int.random(in: 0...bytes.count, using: &generator)
            switch Int.random(in: 0..<4, using: &generator) {
            case 0: bytes.insert(contentsOf: Array(Self.tokens.randomElement(using: &generator)!.utf8), at: position)
            case 1 where position < bytes.count: bytes[position] = UInt8.random(in: 0...255, using: &generator)
            case 2 where position < bytes.count:
                bytes.removeSubrange(position..<min(bytes.count, position + Int.random(in: 1...8, using: &generator)))
            default:
                let end = min(bytes.count, position + Int.random(in: 1...24, using: &generator))
                bytes.insert(contentsOf: bytes[position..<end], at: Int.random(in: 0...bytes.count, using: &generator))
            }
        }
        return bytes
    }

    @Test(
        "do no harm; what is accepted is what Foundation's parser reads, and its record is canonical", arguments: 0..<8)
    func mutations(seed: Int) throws {
        var generator = SeededGenerator(seed: UInt64(seed))
        var accepted = 0
        for _ in 0..<5000 {
            let bytes = mutated(&generator)
            guard case .success(let operation) = OperationDecoder.decode(bytes) else { continue }
            accepted += 1
            let record = Record.encode(operation, source: nil)
            let reference = try #require(ReferenceJSON(record))
            #expect(Array(reference.canonical.utf8) == record)
            #expect(Record.encode(try Record.decode(record).operation, source: nil) == record)
            #expect(operation.violations().isEmpty)
            let input = try #require(try JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any])
            let output = try #require(try JSONSerialization.jsonObject(with: Data(record)) as? [String: Any])
            try expectSameContent(input, output, String(decoding: bytes, as: UTF8.self))
        }
        #expect(accepted > 250)
    }

    /// That a record says what its message said, field by field.
    func expectSameContent(_ input: [String: Any], _ output: [String: Any], _ text: String) throws {
        let named = Set(OperationField.allCases.map(\.name))
        var others: [String: Any] = [:]
        for (name, value) in input {
            guard named.contains(name) else {
                others[name] = value
                continue
            }
            guard name != "timestamp", !(value is NSNull) else { continue }
            let written = try #require(output[name] as? String)
            #expect(ExactText(written) == ExactText(try #require(value as? String)), "\(text)")
        }
        #expect(same(others, output["extra"] ?? [String: Any]()), "\(text)")
    }

    func same(_ left: Any, _ right: Any) -> Bool {
        switch (left, right) {
        case (let left as [String: Any], let right as [String: Any]):
            left.count == right.count && left.allSatisfy { name, value in right[name].map { same(value, $0) } ?? false }
        case (let left as [Any], let right as [Any]):
            left.count == right.count && zip(left, right).allSatisfy { same($0, $1) }
        case (let left as String, let right as String): ExactText(left) == ExactText(right)
        // Foundation keeps some numbers as decimals, whose doubleValue is not the nearest double.
        case (let left as NSNumber, let right as NSNumber): Double(left.stringValue) == Double(right.stringValue)
        default: left is NSNull && right is NSNull
        }
    }
}
