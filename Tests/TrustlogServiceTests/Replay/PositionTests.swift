import Testing
import TrustlogCore

@testable import TrustlogService

@Suite("Positions")
struct PositionTests {
    private static let texts: [(String, Position, String)] = [
        ("beginning", .beginning, "beginning"), ("end", .end, "end"),
        ("op:a b:c", .operation(ExactText("a b:c")), "op:a b:c"), ("op:op:x", .operation(ExactText("op:x")), "op:op:x"),
        ("cursor:publish-0", .cursor(ExactText("publish-0")), "cursor:publish-0"),
        (
            "time:2026-01-31T16:00:00.5+08:00", .time(Timestamp(microseconds: 1_769_846_400_500_000)),
            "time:2026-01-31T08:00:00.500000Z"
        ),
    ]

    @Test("each of the five forms is read, and the same moment is the same text", arguments: texts)
    func forms(text: String, expected: Position, canonical: String) throws {
        let position = try Position(text)
        #expect(position == expected)
        #expect(position.text == canonical)
        #expect(try Position(canonical) == expected)
    }

    @Test(
        "anything else is refused, and the error says what is allowed",
        arguments: ["", "Beginning", " end", "op:", "cursor:", "OP:x", "seq:5", "5", "latest"])
    func malformed(text: String) {
        let error = #expect(throws: PositionError.self) { try Position(text) }
        guard case .malformed(let message)? = error else { return }
        #expect(message.contains("allowed: \(Position.expectation)") || message.contains("names no"), "\(message)")
    }

    @Test(
        "a time must be RFC 3339, with its zone",
        arguments: [
            "time:", "time:yesterday", "time:2026-01-31", "time:2026-01-31T08:00:00", "time:2026-02-30T00:00:00Z",
        ])
    func times(text: String) {
        let error = #expect(throws: PositionError.self) { try Position(text) }
        guard case .malformed(let message)? = error else { return }
        #expect(message.contains("RFC 3339"))
    }
}
