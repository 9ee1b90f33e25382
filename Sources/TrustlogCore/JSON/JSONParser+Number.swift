/// Which numbers are allowed (contract, section 1: IEEE doubles, as RFC 8785 and I-JSON have it).
enum NumberRule {
    /// In a message: an integer literal beyond ±(2^53-1) is not allowed, nor what overflows; others take the nearest double.
    case message
    /// In text that is canonical already: there an integer literal may be larger, as RFC 8785 writes doubles below 1e21
    /// without an exponent, but only if it is the very form of its double.
    case canonicalText
}

extension JSONParser {
    private static let largestInteger: UInt64 = 9_007_199_254_740_991

    /// Reads a number and appends its RFC 8785 form.
    mutating func appendNumber(_ input: Span<UInt8>) throws(JSONError) {
        let start = position
        let isNegative = current(input) == UInt8(ascii: "-")
        if isNegative { position += 1 }
        let firstDigit = position
        if current(input) == UInt8(ascii: "0") {
            position += 1
        } else {
            try skipDigits(input)
        }
        let digits = firstDigit..<position
        var isInteger = true
        if current(input) == UInt8(ascii: ".") {
            isInteger = false
            position += 1
            try skipDigits(input)
        }
        if current(input) | 0x20 == UInt8(ascii: "e") {
            isInteger = false
            position += 1
            if current(input) == UInt8(ascii: "+") || current(input) == UInt8(ascii: "-") { position += 1 }
            try skipDigits(input)
        }
        let literal = input.extracting(start..<position)
        if isInteger, let magnitude = smallInteger(input.extracting(digits)) {
            // -0 is the double -0, which RFC 8785 writes as 0.
            canonical.append(magnitude == 0 ? input.extracting(digits) : literal)
        } else {
            appendDouble(literal, isInteger: isInteger)
        }
    }

    private mutating func skipDigits(_ input: Span<UInt8>) throws(JSONError) {
        let start = position
        while position < input.count, isDigit(input[position]) { position += 1 }
        if position == start {
            throw JSONError(reason: position < input.count ? .badNumber : .unexpectedEnd, offset: position)
        }
    }

    /// The value if it is at most 2^53-1, whose canonical form is the literal itself.
    private func smallInteger(_ digits: Span<UInt8>) -> UInt64? {
        guard digits.count <= 16 else { return nil }
        var value: UInt64 = 0
        for index in 0..<digits.count { value = value &* 10 &+ UInt64(digits[index] &- UInt8(ascii: "0")) }
        return value <= Self.largestInteger ? value : nil
    }

    private mutating func appendDouble(_ literal: Span<UInt8>, isInteger: Bool) {
        guard let value = Double(String(copyingUTF8: literal)), value.isFinite else {
            sawForbiddenNumber = true
            canonical.append(UInt8(ascii: "0"))
            return
        }
        let start = canonical.count
        canonical.append(ecmaScript: value)
        guard isInteger else { return }
        switch numberRule {
        case .message: sawForbiddenNumber = true
        case .canonicalText:
            if !canonical.span.extracting(droppingFirst: start).hasSameBytes(as: literal) { sawForbiddenNumber = true }
        }
    }
}

@inline(__always)
func isDigit(_ byte: UInt8) -> Bool {
    byte &- UInt8(ascii: "0") < 10
}
