import TrustlogCore

/// What a replay keeps in `trustlog_cursor` while it is under way: which command it is, and how far it has come.
///
/// As text: `replay 1500 of 1..100000 to trustlog (from beginning to end)`. The second word is the last row behind it.
package struct ReplayCursor: Sendable, Equatable {
    /// The last `seq` behind it.
    package var sequence: Int64
    /// The rows, looked up when the replay began: `end` does not move while it is under way.
    package let range: ClosedRange<Int64>
    package let topic: String
    /// The positions as they were asked for.
    package let positions: String

    package init(range: ClosedRange<Int64>, topic: String, from: Position, to: Position) {
        sequence = range.lowerBound.predecessor
        self.range = range
        self.topic = topic
        positions = Self.positions(from, to)
    }

    /// - Returns: `nil` for a value that no replay wrote.
    package init?(value: String) {
        let words = value.split(separator: " ", maxSplits: 6, omittingEmptySubsequences: false)
        guard words.count == 7, words[0] == "replay", let sequence = Int64(words[1]), words[2] == "of",
            let range = Self.range(words[3]), words[4] == "to", !words[5].isEmpty,
            sequence >= range.lowerBound.predecessor, sequence <= range.upperBound
        else { return nil }
        self.sequence = sequence
        self.range = range
        topic = String(words[5])
        positions = String(words[6])
    }

    package var value: String {
        "replay \(sequence) of \(range.lowerBound)..\(range.upperBound) to \(topic) \(positions)"
    }

    /// What is still to be published; `nil` when all of it is.
    package var rest: ClosedRange<Int64>? {
        sequence < range.upperBound ? (sequence + 1)...range.upperBound : nil
    }

    /// Whether it belongs to the command that asks for these positions and this topic.
    package func isOf(from: Position, to: Position, topic: String) -> Bool {
        ExactText(positions) == ExactText(Self.positions(from, to)) && ExactText(self.topic) == ExactText(topic)
    }

    private static func positions(_ from: Position, _ to: Position) -> String {
        "(from \(from.text) to \(to.text))"
    }

    private static func range(_ text: Substring) -> ClosedRange<Int64>? {
        let ends = text.split(separator: ".", omittingEmptySubsequences: false)
        guard ends.count == 3, ends[1].isEmpty, let first = Int64(ends[0]), let last = Int64(ends[2]), first <= last
        else { return nil }
        return first...last
    }
}
