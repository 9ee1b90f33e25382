/// Base64 (RFC 4648, section 4), fast: every record passes through it.
enum Base64 {
    /// Padded, in the standard alphabet.
    static func encode(_ bytes: Span<UInt8>) -> [UInt8] {
        var text: [UInt8] = []
        text.append(base64: bytes)
        return text
    }

    fileprivate static func encode(_ bytes: UnsafeBufferPointer<UInt8>, into text: UnsafeMutableBufferPointer<UInt8>)
        -> Int
    {
        let alphabet = alphabet.utf8Start
        var (from, to) = (0, 0)
        while from + 3 <= bytes.count {
            let group = Int(bytes[from]) << 16 | Int(bytes[from + 1]) << 8 | Int(bytes[from + 2])
            text[to] = alphabet[group >> 18]
            text[to + 1] = alphabet[group >> 12 & 63]
            text[to + 2] = alphabet[group >> 6 & 63]
            text[to + 3] = alphabet[group & 63]
            from += 3
            to += 4
        }
        let rest = bytes.count - from
        guard rest > 0 else { return to }
        let group = Int(bytes[from]) << 16 | (rest == 2 ? Int(bytes[from + 1]) << 8 : 0)
        text[to] = alphabet[group >> 18]
        text[to + 1] = alphabet[group >> 12 & 63]
        text[to + 2] = rest == 2 ? alphabet[group >> 6 & 63] : UInt8(ascii: "=")
        text[to + 3] = UInt8(ascii: "=")
        return to + 4
    }

    /// Decodes either alphabet, with or without padding, as DSSE asks of verifiers; `nil` if it is not base64.
    static func decode(_ text: Span<UInt8>) -> [UInt8]? {
        var count = text.count
        var padding = 0
        while padding < 2, count > 0, text[count - 1] == UInt8(ascii: "=") {
            count -= 1
            padding += 1
        }
        guard count % 4 != 1, padding == 0 || (count + padding) % 4 == 0 else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count / 4 * 3 + 2)
        var group: UInt32 = 0
        for index in 0..<count {
            let value = values[Int(text[index])]
            guard value < 64 else { return nil }
            group = group << 6 | UInt32(value)
            if index & 3 == 3 {
                bytes.append(UInt8(truncatingIfNeeded: group >> 16))
                bytes.append(UInt8(truncatingIfNeeded: group >> 8))
                bytes.append(UInt8(truncatingIfNeeded: group))
                group = 0
            }
        }
        // What the last group holds beyond its bytes must be zero, so that one byte string has one text.
        switch count & 3 {
        case 2:
            guard group & 0xF == 0 else { return nil }
            bytes.append(UInt8(truncatingIfNeeded: group >> 4))
        case 3:
            guard group & 0x3 == 0 else { return nil }
            bytes.append(UInt8(truncatingIfNeeded: group >> 10))
            bytes.append(UInt8(truncatingIfNeeded: group >> 2))
        default: break
        }
        return bytes
    }

    static func encodedSize(_ count: Int) -> Int {
        (count + 2) / 3 * 4
    }

    private static let alphabet: StaticString = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

    /// What each byte stands for; 255 for those that are in neither alphabet.
    private static let values: [UInt8] = {
        var values = [UInt8](repeating: 255, count: 256)
        for index in 0..<64 { values[Int(alphabet.utf8Start[index])] = UInt8(index) }
        values[Int(UInt8(ascii: "-"))] = 62
        values[Int(UInt8(ascii: "_"))] = 63
        return values
    }()
}

extension [UInt8] {
    mutating func append(base64 bytes: Span<UInt8>) {
        append(addingCapacity: Base64.encodedSize(bytes.count)) { output in
            output.withUnsafeMutableBufferPointer { text, count in
                bytes.withUnsafeBufferPointer { count = Base64.encode($0, into: text) }
            }
        }
    }
}
