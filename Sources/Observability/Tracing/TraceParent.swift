/// The `traceparent` of W3C Trace Context (Recommendation of 2021-11-23, section 3.2): which trace a message belongs to.
package struct TraceParent: Sendable, Equatable {
    /// As it was written.
    package let text: String
    /// 32 lowercase hexadecimal digits, not all zero.
    package let traceID: String
    /// 16 lowercase hexadecimal digits, not all zero.
    package let parentID: String
    /// Bit 0 of the flags: the caller may have recorded the trace.
    package let isSampled: Bool

    /// `nil` if the text is not a valid `traceparent`. A version above 00 may carry more after the flags, behind a dash;
    /// version ff is invalid.
    package init?(_ text: String) {
        let bytes = Array(text.utf8)
        guard bytes.count >= 55, bytes[2] == dash, bytes[35] == dash, bytes[52] == dash else { return nil }
        guard let version = lowercaseHex(bytes[0..<2]), version != 0xFF else { return nil }
        guard isIdentifier(bytes[3..<35]), isIdentifier(bytes[36..<52]) else { return nil }
        guard let flags = lowercaseHex(bytes[53..<55]) else { return nil }
        guard bytes.count == 55 || (version != 0 && bytes[55] == dash) else { return nil }
        self.text = text
        self.traceID = String(decoding: bytes[3..<35], as: UTF8.self)
        self.parentID = String(decoding: bytes[36..<52], as: UTF8.self)
        self.isSampled = flags & 1 == 1
    }
}

private let dash = UInt8(ascii: "-")

private func isIdentifier(_ bytes: ArraySlice<UInt8>) -> Bool {
    bytes.allSatisfy { hexDigit($0) != nil } && bytes.contains { $0 != UInt8(ascii: "0") }
}

private func lowercaseHex(_ bytes: ArraySlice<UInt8>) -> Int? {
    var value = 0
    for byte in bytes {
        guard let digit = hexDigit(byte) else { return nil }
        value = value * 16 + digit
    }
    return value
}

private func hexDigit(_ byte: UInt8) -> Int? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): Int(byte - UInt8(ascii: "0"))
    case UInt8(ascii: "a")...UInt8(ascii: "f"): Int(byte - UInt8(ascii: "a")) + 10
    default: nil
    }
}
