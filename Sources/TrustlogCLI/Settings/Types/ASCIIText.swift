// Small readers of ASCII text. A `Regex` would read better and bring 1.4 MB of runtime into the binary.

extension UInt8 {
    var isASCIIDigit: Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self) }

    var isASCIIUppercase: Bool { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(self) }

    var isASCIILetter: Bool { isASCIIUppercase || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(self) }

    var isASCIIHexDigit: Bool { isASCIIDigit || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(self | 0x20) }

    /// Of Kafka's names, and of host names.
    var isNameByte: Bool { isASCIILetter || isASCIIDigit || self == 0x2D || self == 0x2E || self == 0x5F }
}

extension StringProtocol {
    /// At least one byte, and all of them allowed.
    func consists(of isAllowed: (UInt8) -> Bool) -> Bool {
        !isEmpty && utf8.allSatisfy(isAllowed)
    }

    /// What stands in front of the first place where the separator stands, and what behind.
    func parted(by separator: String) -> (head: String, tail: String)? {
        var start = utf8.startIndex
        while start < utf8.endIndex {
            if utf8[start...].starts(with: separator.utf8) {
                let end = utf8.index(start, offsetBy: separator.utf8.count)
                return (String(self[..<start]), String(self[end...]))
            }
            start = utf8.index(after: start)
        }
        return nil
    }

    /// Digits, at most 18 of them, and the rest behind: `250ms`.
    var numberAndUnit: (number: Int, unit: String)? {
        let digits = prefix { $0.utf8.count == 1 && $0.utf8.allSatisfy(\.isASCIIDigit) }
        guard digits.utf8.count <= 18, let number = Int(digits) else { return nil }
        return (number, String(self[digits.endIndex...]))
    }
}
