/// Whether text is an IPv4 or IPv6 address as `inet_pton` reads it: four decimal numbers without leading zeros, or up to
/// eight groups with at most one `::`, the last two of which may be written as IPv4 (RFC 4291, section 2.2). No zone.
enum IPAddress {
    static func isValid(_ text: Span<UInt8>) -> Bool {
        isIPv4(text, from: 0) || isIPv6(text)
    }

    private static func isIPv4(_ text: Span<UInt8>, from start: Int) -> Bool {
        var numbers = 0
        var index = start
        while numbers < 4 {
            if numbers > 0 {
                guard index < text.count, text[index] == UInt8(ascii: ".") else { return false }
                index += 1
            }
            let first = index
            var value = 0
            while index < text.count, index - first < 3, isDigit(text[index]) {
                value = value * 10 + Int(text[index] - UInt8(ascii: "0"))
                index += 1
            }
            let length = index - first
            guard length > 0, value <= 255, length == 1 || text[first] != UInt8(ascii: "0") else { return false }
            numbers += 1
        }
        return index == text.count
    }

    private static func isIPv6(_ text: Span<UInt8>) -> Bool {
        var groups = 0
        var isCompressed = false
        var index = 0
        if text.count >= 2, text[0] == UInt8(ascii: ":") {
            guard text[1] == UInt8(ascii: ":") else { return false }
            isCompressed = true
            index = 2
        }
        while index < text.count {
            let first = index
            while index < text.count, index - first < 4, hexValue(text[index]) != nil { index += 1 }
            guard index > first else { return false }
            if index < text.count, text[index] == UInt8(ascii: ".") {
                guard isIPv4(text, from: first) else { return false }
                groups += 2
                break
            }
            groups += 1
            guard index < text.count else { break }
            guard text[index] == UInt8(ascii: ":") else { return false }
            index += 1
            // A single colon must be followed by a group.
            guard index < text.count else { return false }
            if text[index] == UInt8(ascii: ":") {
                guard !isCompressed else { return false }
                isCompressed = true
                index += 1
            }
        }
        return isCompressed ? groups < 8 : groups == 8
    }
}
