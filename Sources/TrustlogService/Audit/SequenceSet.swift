/// A set of `seq`s: a bit each, in pages of 4,096 that exist where something stands.
///
/// A table without large gaps costs an eighth of a byte a row and a little for the pages; the worst case, every 4,096th
/// number, some 600 bytes a member.
struct SequenceSet: Sendable {
    private static let wordBits = 64
    private static let pageBits: Int64 = 4_096

    private var pages: [Int64: [UInt64]] = [:]
    private(set) var count = 0

    func contains(_ seq: Int64) -> Bool {
        let (page, word, bit) = Self.place(of: seq)
        return pages[page].map { $0[word] & bit != 0 } ?? false
    }

    /// Returns whether it was not there before.
    @discardableResult
    mutating func insert(_ seq: Int64) -> Bool {
        let (page, word, bit) = Self.place(of: seq)
        let empty = [UInt64](repeating: 0, count: Int(Self.pageBits) / Self.wordBits)
        let isNew = pages[page, default: empty][word] & bit == 0
        guard isNew else { return false }
        pages[page, default: empty][word] |= bit
        count += 1
        return true
    }

    private static func place(of seq: Int64) -> (page: Int64, word: Int, bit: UInt64) {
        // The shift rounds down, also below zero.
        let inPage = Int(seq & (pageBits - 1))
        return (seq >> 12, inPage / wordBits, 1 << UInt64(inPage % wordBits))
    }
}
