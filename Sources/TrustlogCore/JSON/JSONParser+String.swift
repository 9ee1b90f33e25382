/// A string literal in the input, without its quotes.
struct StringToken {
    var start: Int
    var end: Int
    /// Otherwise the bytes between `start` and `end` are the string itself.
    var hasEscapes: Bool

    var range: Range<Int> { start..<end }
}

extension JSONParser {
    /// Reads a string literal from its opening quote on. Its escapes are not checked before ``unescape(_:of:into:)``.
    mutating func scanString(_ input: Span<UInt8>) throws(JSONError) -> StringToken {
        var token = StringToken(start: position &+ 1, end: position &+ 1, hasEscapes: false)
        var index = token.start
        while true {
            index = input.indexOfSpecial(from: index)
            guard index < input.count else { throw JSONError(reason: .unexpectedEnd, offset: input.count) }
            switch input[index] {
            case UInt8(ascii: "\""):
                token.end = index
                position = index &+ 1
                return token
            case UInt8(ascii: "\\"):
                token.hasEscapes = true
                index &+= 2
            default: throw JSONError(reason: .controlCharacter, offset: index)
            }
        }
    }

    /// Appends the string that a literal stands for, in UTF-8.
    static func unescape(
        _ token: StringToken, of input: Span<UInt8>, into output: inout [UInt8]
    ) throws(JSONError) {
        guard token.hasEscapes else {
            output.append(input.extracting(token.range))
            return
        }
        var index = token.start
        while index < token.end {
            let byte = input[index]
            guard byte == UInt8(ascii: "\\") else {
                output.append(byte)
                index += 1
                continue
            }
            // A literal cannot end in a backslash: the scanner takes the byte behind it along.
            let escape = index
            index += 2
            switch input[escape + 1] {
            case UInt8(ascii: "\""): output.append(UInt8(ascii: "\""))
            case UInt8(ascii: "\\"): output.append(UInt8(ascii: "\\"))
            case UInt8(ascii: "/"): output.append(UInt8(ascii: "/"))
            case UInt8(ascii: "b"): output.append(0x08)
            case UInt8(ascii: "f"): output.append(0x0C)
            case UInt8(ascii: "n"): output.append(0x0A)
            case UInt8(ascii: "r"): output.append(0x0D)
            case UInt8(ascii: "t"): output.append(0x09)
            case UInt8(ascii: "u"):
                let unit = try codeUnit(input, at: index, before: token.end)
                index += 4
                guard unit & 0xF800 == 0xD800 else {
                    output.append(scalar: unit)
                    continue
                }
                guard unit < 0xDC00, index + 6 <= token.end, input[index] == UInt8(ascii: "\\"),
                    input[index + 1] == UInt8(ascii: "u")
                else { throw JSONError(reason: .loneSurrogate, offset: escape) }
                let low = try codeUnit(input, at: index + 2, before: token.end)
                guard low & 0xFC00 == 0xDC00 else { throw JSONError(reason: .loneSurrogate, offset: escape) }
                index += 6
                output.append(scalar: 0x10000 + (unit & 0x3FF) << 10 + low & 0x3FF)
            default: throw JSONError(reason: .badEscape, offset: escape)
            }
        }
    }

    /// Reads a string literal and returns what it stands for.
    mutating func readString(_ input: Span<UInt8>) throws(JSONError) -> String {
        guard current(input) == UInt8(ascii: "\"") else { throw failure(.string, input) }
        return try text(of: try scanString(input), input)
    }

    /// What a literal stands for.
    mutating func text(of token: StringToken, _ input: Span<UInt8>) throws(JSONError) -> String {
        scratch.removeAll(keepingCapacity: true)
        try Self.unescape(token, of: input, into: &scratch)
        return String(copyingUTF8: scratch.span)
    }

    private static func codeUnit(_ input: Span<UInt8>, at index: Int, before end: Int) throws(JSONError) -> UInt32 {
        guard index + 4 <= end else { throw JSONError(reason: .badEscape, offset: index) }
        var unit: UInt32 = 0
        for offset in 0..<4 {
            guard let digit = hexValue(input[index + offset]) else {
                throw JSONError(reason: .badEscape, offset: index + offset)
            }
            unit = unit << 4 | UInt32(digit)
        }
        return unit
    }
}

/// Eight bytes looked at together.
struct ByteWord {
    private let word: UInt64

    @inline(__always)
    init(_ bytes: UInt64) {
        word = UInt64(littleEndian: bytes)
    }

    /// The high bit of the lowest byte that is a quote, a backslash or below U+0020 is set; 0 if there is none.
    /// Bits above that one mean nothing (a borrow may have passed).
    @inline(__always)
    var special: UInt64 {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let highs: UInt64 = 0x8080_8080_8080_8080
        let quote = word ^ (ones &* 0x22)
        let backslash = word ^ (ones &* 0x5C)
        let isQuote = (quote &- ones) & ~quote
        let isBackslash = (backslash &- ones) & ~backslash
        let isControl = (word &- (ones &* 0x20)) & ~word
        return (isQuote | isBackslash | isControl) & highs
    }
}
