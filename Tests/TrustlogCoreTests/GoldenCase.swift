import Foundation
import Testing

@testable import TrustlogCore

/// A line of Golden/cases.jsonl, which tools that are not ours have written (see make_golden.py).
struct GoldenCase: Decodable, Sendable, CustomTestStringConvertible {
    struct Source: Decodable, Sendable {
        var topic: String
        var partition: Int32
        var offset: Int64
        var digest: String
    }

    var name: String
    var message: String
    private var kafka: Source?
    var record: String
    var envelope: String

    enum CodingKeys: String, CodingKey {
        case name, message, record, envelope
        case kafka = "source"
    }

    var source: RecordSource? {
        kafka.map {
            RecordSource(topic: $0.topic, partition: $0.partition, offset: $0.offset, digest: $0.digest)
        }
    }

    var testDescription: String { name }

    static func all() throws -> [GoldenCase] {
        try goldenText("cases.jsonl").split(separator: "\n").map {
            try JSONDecoder().decode(GoldenCase.self, from: Data($0.utf8))
        }
    }
}
