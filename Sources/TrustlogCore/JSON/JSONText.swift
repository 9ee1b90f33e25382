extension [UInt8] {
    @inline(__always)
    mutating func append(_ bytes: Span<UInt8>) {
        bytes.withUnsafeBufferPointer { append(contentsOf: $0) }
    }

    /// Appends a part of an array, which unlike a `Span` can be a neighbouring property of the same struct.
    mutating func append(_ bytes: [UInt8], in range: Range<Int>) {
        append(bytes.span.extracting(range))
    }

    /// Appends a part of an array as a string literal.
    mutating func append(quoted text: [UInt8], in range: Range<Int>) {
        append(quoted: text.span.extracting(range))
    }

    @inline(__always)
    mutating func append(_ text: StaticString) {
        append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    /// Appends a code point in UTF-8; it must not be a surrogate.
    mutating func append(scalar: UInt32) {
        guard let scalar = Unicode.Scalar(scalar) else { return }
        append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
    }

    /// Appends a string literal as RFC 8785, section 3.2.2.2 writes it: only quotes, backslashes and control characters
    /// are escaped, the latter in the short form where there is one.
    mutating func append(quoted text: Span<UInt8>) {
        append(UInt8(ascii: "\""))
        append(escaping: text)
        append(UInt8(ascii: "\""))
    }

    /// The same without the quotes.
    mutating func append(escaping text: Span<UInt8>) {
        var start = 0
        while true {
            let end = text.indexOfSpecial(from: start)
            append(text.extracting(start..<end))
            guard end < text.count else { break }
            append(escaped: text[end])
            start = end + 1
        }
    }

    private mutating func append(escaped byte: UInt8) {
        append(UInt8(ascii: "\\"))
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): append(byte)
        case 0x08: append(UInt8(ascii: "b"))
        case 0x09: append(UInt8(ascii: "t"))
        case 0x0A: append(UInt8(ascii: "n"))
        case 0x0C: append(UInt8(ascii: "f"))
        case 0x0D: append(UInt8(ascii: "r"))
        default:
            append("u00")
            append(lowercaseHexDigit(byte >> 4))
            append(lowercaseHexDigit(byte & 0xF))
        }
    }
}

extension Span<UInt8> {
    /// The index of the first quote, backslash or byte below U+0020 at or after `start`; `count` if there is none.
    @inline(__always)
    func indexOfSpecial(from start: Int) -> Int {
        var index = start
        while index &+ 8 <= count {
            let special = ByteWord(bytes.unsafeLoadUnaligned(fromByteOffset: index, as: UInt64.self)).special
            if special != 0 { return index &+ special.trailingZeroBitCount &>> 3 }
            index &+= 8
        }
        while index < count {
            let byte = self[index]
            if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") || byte < 0x20 { return index }
            index &+= 1
        }
        return count
    }
}

extension String {
    /// The text of bytes that are known to be UTF-8 (a part of what ``JSONParser/validate(_:)`` accepted).
    @inline(__always)
    init(copyingUTF8 bytes: Span<UInt8>) {
        self.init(copying: UTF8Span(unchecked: bytes))
    }
}

func lowercaseHexDigit(_ value: UInt8) -> UInt8 {
    value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
}

func hexValue(_ digit: UInt8) -> UInt8? {
    switch digit {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
    default: nil
    }
}
