extension Span<UInt8> {
    /// Whether this UTF-8 text comes before another by UTF-16 code units, the order of RFC 8785, section 3.2.3.
    ///
    /// It differs from the order of the bytes in one way: characters beyond U+FFFF, whose first byte is F0 or more, are
    /// surrogate pairs in UTF-16 and so come before U+E000…U+FFFF, whose first byte is EE or EF.
    func precedesInUTF16(_ other: Span<UInt8>) -> Bool {
        let shared = Swift.min(count, other.count)
        for index in 0..<shared {
            let (left, right) = (self[index], other[index])
            guard left != right else { continue }
            if left >= 0xEE, right >= 0xEE, (left >= 0xF0) != (right >= 0xF0) { return left >= 0xF0 }
            return left < right
        }
        return count < other.count
    }

    func hasSameBytes(as other: Span<UInt8>) -> Bool {
        guard count == other.count else { return false }
        for index in 0..<count where self[index] != other[index] { return false }
        return true
    }

    func hasSameBytes(as other: StaticString) -> Bool {
        guard count == other.utf8CodeUnitCount else { return false }
        for index in 0..<count where self[index] != other.utf8Start[index] { return false }
        return true
    }
}
