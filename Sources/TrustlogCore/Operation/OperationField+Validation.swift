private import Glibc

extension OperationField {
    /// What is wrong with a text for this field; `nil` if nothing is.
    func problem(of text: Span<UInt8>) -> String? {
        switch rule {
        case .text(let sizes):
            sizeProblem(text.count, sizes) ?? (text.contains(0) ? "contains U+0000" : nil)
        case .identifier(let sizes):
            sizeProblem(text.count, sizes) ?? controlCharacter(in: text).map { "contains the control character \($0)" }
        case .time:
            Timestamp(rfc3339: text) == nil
                ? "is not an RFC 3339 time between 1970 and 9999, such as 2024-05-01T12:00:00.123Z" : nil
        case .address:
            IPAddress.isValid(text) ? nil : "is not an IPv4 or IPv6 address (write null where there is none)"
        }
    }

    private func sizeProblem(_ count: Int, _ sizes: ClosedRange<Int>) -> String? {
        if count > sizes.upperBound { return "has \(count) bytes in UTF-8, at most \(sizes.upperBound) are allowed" }
        return count < sizes.lowerBound ? "is empty" : nil
    }

    /// The first character of the Unicode category Cc, which is U+0000-001F and U+007F-009F.
    private func controlCharacter(in text: Span<UInt8>) -> String? {
        for index in 0..<text.count {
            let byte = text[index]
            if byte < 0x20 || byte == 0x7F { return codePointName(byte) }
            // U+0080-009F are C2 80-9F in UTF-8, where C2 is never anything but a first byte.
            if byte == 0xC2, index + 1 < text.count, text[index + 1] < 0xA0 { return codePointName(text[index + 1]) }
        }
        return nil
    }

    private func codePointName(_ value: UInt8) -> String {
        let digits = String(value, radix: 16, uppercase: true)
        return "U+" + String(repeating: "0", count: 4 - digits.count) + digits
    }
}

extension Span<UInt8> {
    fileprivate func contains(_ byte: UInt8) -> Bool {
        withUnsafeBufferPointer { bytes in
            bytes.baseAddress.map { memchr($0, Int32(byte), bytes.count) != nil } ?? false
        }
    }
}
