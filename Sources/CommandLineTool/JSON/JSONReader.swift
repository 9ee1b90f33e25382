/// Why a text is not JSON.
package struct JSONReadError: Error, Sendable, Equatable {
    package var message: String
    /// In bytes from the start.
    package var offset: Int
}

extension JSONValue {
    /// Reads RFC 8259 text: exactly one value, UTF-8, at most 128 levels deep. Members with one name are all kept.
    package init(json text: some Sequence<UInt8>) throws(JSONReadError) {
        let bytes = Array(text)
        guard String(validating: bytes, as: UTF8.self) != nil else {
            throw JSONReadError(message: "not UTF-8", offset: 0)
        }
        var reader = JSONReader(bytes: bytes)
        self = try reader.readDocument()
    }

    package init(json text: String) throws(JSONReadError) {
        try self.init(json: text.utf8)
    }
}

private struct JSONReader {
    let bytes: [UInt8]
    private var position = 0

    init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    mutating func readDocument() throws(JSONReadError) -> JSONValue {
        let value = try readValue(depth: 1)
        skipSpace()
        guard next == nil else { throw error("more text after the value") }
        return value
    }

    private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    private func error(_ message: String) -> JSONReadError {
        JSONReadError(message: message, offset: position)
    }

    private mutating func skipSpace() {
        while let byte = next, [0x20, 0x09, 0x0A, 0x0D].contains(byte) { position += 1 }
    }

    /// Takes the byte if it comes next.
    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard next == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    private mutating func readValue(depth: Int) throws(JSONReadError) -> JSONValue {
        guard depth <= 128 else { throw error("nested too deeply") }
        skipSpace()
        switch next {
        case UInt8(ascii: "{"): return try readObject(depth: depth)
        case UInt8(ascii: "["): return try readArray(depth: depth)
        case UInt8(ascii: "\""): return .string(try readString())
        case UInt8(ascii: "t"): return try readWord("true", .bool(true))
        case UInt8(ascii: "f"): return try readWord("false", .bool(false))
        case UInt8(ascii: "n"): return try readWord("null", .null)
        default: return try readNumber()
        }
    }

    private mutating func readWord(_ word: String, _ value: JSONValue) throws(JSONReadError) -> JSONValue {
        guard bytes[position...].starts(with: word.utf8) else { throw error("not a value") }
        position += word.utf8.count
        return value
    }

    private mutating func readArray(depth: Int) throws(JSONReadError) -> JSONValue {
        position += 1
        var elements: [JSONValue] = []
        skipSpace()
        if take("]") { return .array([]) }
        repeat {
            elements.append(try readValue(depth: depth + 1))
            skipSpace()
        } while take(",")
        guard take("]") else { throw error("',' or ']' is missing") }
        return .array(elements)
    }

    private mutating func readObject(depth: Int) throws(JSONReadError) -> JSONValue {
        position += 1
        var members: [JSONValue.Member] = []
        skipSpace()
        if take("}") { return .object([]) }
        repeat {
            skipSpace()
            guard next == UInt8(ascii: "\"") else { throw error("a member's name is missing") }
            let name = try readString()
            skipSpace()
            guard take(":") else { throw error("':' is missing") }
            members.append(JSONValue.Member(name, try readValue(depth: depth + 1)))
            skipSpace()
        } while take(",")
        guard take("}") else { throw error("',' or '}' is missing") }
        return .object(members)
    }

    private mutating func readNumber() throws(JSONReadError) -> JSONValue {
        let start = position
        _ = take("-")
        if !take("0") { guard skipDigits() > 0 else { throw error("not a value") } }
        var isInteger = true
        if take(".") {
            isInteger = false
            guard skipDigits() > 0 else { throw error("digits are missing") }
        }
        if take("e") || take("E") {
            isInteger = false
            if !take("+") { _ = take("-") }
            guard skipDigits() > 0 else { throw error("digits are missing") }
        }
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        if isInteger, let value = Int(text) { return .integer(value) }
        guard let value = Double(text), value.isFinite else { throw error("a number out of range") }
        return .number(value)
    }

    private mutating func skipDigits() -> Int {
        let start = position
        while let byte = next, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { position += 1 }
        return position - start
    }

    private mutating func readString() throws(JSONReadError) -> String {
        position += 1
        var result: [UInt8] = []
        while let byte = next {
            position += 1
            switch byte {
            case UInt8(ascii: "\""): return String(decoding: result, as: UTF8.self)
            case UInt8(ascii: "\\"): result += Array(String(try readEscape()).utf8)
            case 0...0x1F: throw error("a control character in a string")
            default: result.append(byte)
            }
        }
        throw error("a string does not end")
    }

    private mutating func readEscape() throws(JSONReadError) -> Unicode.Scalar {
        guard let byte = next else { throw error("a string does not end") }
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(byte)
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{C}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"): return try readUnicodeEscape()
        default: throw error("an unknown escape")
        }
    }

    private mutating func readUnicodeEscape() throws(JSONReadError) -> Unicode.Scalar {
        let unit = try readHexUnit()
        if let scalar = Unicode.Scalar(unit) { return scalar }
        guard UTF16.isLeadSurrogate(UInt16(unit)), take("\\"), take("u") else { throw error("a lone surrogate") }
        let trail = try readHexUnit()
        guard (0xDC00...0xDFFF).contains(trail),
            let scalar = Unicode.Scalar(0x10000 + (unit - 0xD800) << 10 + (trail - 0xDC00))
        else { throw error("a lone surrogate") }
        return scalar
    }

    private mutating func readHexUnit() throws(JSONReadError) -> UInt32 {
        guard position + 4 <= bytes.count else { throw error("a string does not end") }
        let digits = String(decoding: bytes[position..<position + 4], as: UTF8.self)
        guard digits.allSatisfy(\.isHexDigit), let unit = UInt32(digits, radix: 16) else {
            throw error("not four hexadecimal digits")
        }
        position += 4
        return unit
    }
}
