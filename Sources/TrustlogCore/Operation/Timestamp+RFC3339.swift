extension Timestamp: CustomStringConvertible {
    /// Parses an RFC 3339 time as the contract has it (section 1): `T` and `Z` in either case, no space, an offset up to
    /// ±23:59 (`-00:00` allowed), any number of fraction digits, cut to microseconds; no leap second; 1970-9999 in UTC.
    public init?(rfc3339 text: some StringProtocol) {
        guard let time = Timestamp(rfc3339: Array(text.utf8).span) else { return nil }
        self = time
    }

    /// The same from UTF-8.
    package init?(rfc3339 text: Span<UInt8>) {
        // The shortest is 1970-01-01T00:00:00Z.
        guard text.count >= 20,
            let year = text.number(at: 0, digits: 4), text[4] == UInt8(ascii: "-"),
            let month = text.number(at: 5, digits: 2), text[7] == UInt8(ascii: "-"),
            let day = text.number(at: 8, digits: 2), text[10] | 0x20 == UInt8(ascii: "t"),
            let hour = text.number(at: 11, digits: 2), text[13] == UInt8(ascii: ":"),
            let minute = text.number(at: 14, digits: 2), text[16] == UInt8(ascii: ":"),
            let second = text.number(at: 17, digits: 2)
        else { return nil }
        var index = 19
        guard let microsecond = text.fraction(at: &index), let offset = text.offsetMinutes(at: index) else {
            return nil
        }
        self.init(
            CivilTime(
                year: year, month: month, day: day, hour: hour, minute: minute, second: second,
                microsecond: microsecond),
            offsetMinutes: offset)
    }

    /// `YYYY-MM-DDThh:mm:ss.ffffffZ`, always with six digits of the second (contract, section 2).
    public var rfc3339: String {
        var text: [UInt8] = []
        append(to: &text)
        return String(decoding: text, as: UTF8.self)
    }

    public var description: String { rfc3339 }

    /// Appends ``rfc3339`` in UTF-8.
    package func append(to text: inout [UInt8]) {
        let time = civilTime
        guard (0...9999).contains(time.year) else {
            // Outside of what the contract allows, but a value of this type can be made of any number.
            text.append(contentsOf: String(time.year).utf8)
            return text.append(Self.pattern(time).span.extracting(droppingFirst: 4))
        }
        text.append(Self.pattern(time).span)
    }

    private static func pattern(_ time: CivilTime) -> InlineArray<27, UInt8> {
        var text = InlineArray<27, UInt8>(repeating: UInt8(ascii: "-"))
        var span = text.mutableSpan
        span.write(time.year, digits: 4, at: 0)
        span.write(time.month, digits: 2, at: 5)
        span.write(time.day, digits: 2, at: 8)
        span[10] = UInt8(ascii: "T")
        span.write(time.hour, digits: 2, at: 11)
        span[13] = UInt8(ascii: ":")
        span.write(time.minute, digits: 2, at: 14)
        span[16] = UInt8(ascii: ":")
        span.write(time.second, digits: 2, at: 17)
        span[19] = UInt8(ascii: ".")
        span.write(time.microsecond, digits: 6, at: 20)
        span[26] = UInt8(ascii: "Z")
        return text
    }
}

extension Span<UInt8> {
    /// The number that exactly so many digits stand for; the caller knows that the text is long enough.
    fileprivate func number(at start: Int, digits: Int) -> Int? {
        var value = 0
        for index in start..<start + digits {
            guard isDigit(self[index]) else { return nil }
            value = value * 10 + Int(self[index] - UInt8(ascii: "0"))
        }
        return value
    }

    /// Microseconds of the fraction at `index`, 0 if there is none; `nil` if a point is not followed by a digit.
    fileprivate func fraction(at index: inout Int) -> Int? {
        guard self[index] == UInt8(ascii: ".") else { return 0 }
        index += 1
        let start = index
        var value = 0
        var unit = 100_000
        while index < count, isDigit(self[index]) {
            value += Int(self[index] - UInt8(ascii: "0")) * unit
            unit /= 10
            index += 1
        }
        return index > start ? value : nil
    }

    /// Minutes ahead of UTC that the zone from `index` to the end of the text stands for.
    fileprivate func offsetMinutes(at index: Int) -> Int? {
        guard index < count else { return nil }
        let sign = self[index]
        if sign | 0x20 == UInt8(ascii: "z") { return index + 1 == count ? 0 : nil }
        guard sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-"), index + 6 == count,
            let hours = number(at: index + 1, digits: 2), hours <= 23, self[index + 3] == UInt8(ascii: ":"),
            let minutes = number(at: index + 4, digits: 2), minutes <= 59
        else { return nil }
        return (hours * 60 + minutes) * (sign == UInt8(ascii: "-") ? -1 : 1)
    }
}

extension MutableSpan<UInt8> {
    /// Writes the last so many digits of a number.
    fileprivate mutating func write(_ value: Int, digits: Int, at start: Int) {
        var rest = value.magnitude
        for index in (start..<start + digits).reversed() {
            self[index] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        }
    }
}
