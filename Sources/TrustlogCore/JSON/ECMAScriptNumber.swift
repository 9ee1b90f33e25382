extension [UInt8] {
    /// Appends a finite double as ECMAScript's `Number::toString` writes it (RFC 8785, section 3.2.2.3).
    mutating func append(ecmaScript value: Double) {
        guard value != 0 else { return append(UInt8(ascii: "0")) }
        if value < 0 { append(UInt8(ascii: "-")) }
        let (digits, pointPosition) = shortestDecimal(of: value.magnitude)
        let count = digits.count
        if count <= pointPosition, pointPosition <= 21 {
            append(contentsOf: digits)
            append(zeros: pointPosition - count)
        } else if 0 < pointPosition, pointPosition <= 21 {
            append(contentsOf: digits[..<pointPosition])
            append(UInt8(ascii: "."))
            append(contentsOf: digits[pointPosition...])
        } else if -6 < pointPosition, pointPosition <= 0 {
            append("0.")
            append(zeros: -pointPosition)
            append(contentsOf: digits)
        } else {
            append(contentsOf: digits[..<1])
            if count > 1 {
                append(UInt8(ascii: "."))
                append(contentsOf: digits[1...])
            }
            append(pointPosition > 0 ? "e+" : "e-")
            append(contentsOf: String((pointPosition - 1).magnitude).utf8)
        }
    }

    private mutating func append(zeros count: Int) {
        append(contentsOf: repeatElement(UInt8(ascii: "0"), count: count))
    }
}

/// The fewest digits d₁d₂… that read back as the same double, the nearest to it among those of that length, and the n for
/// which it is 0.d₁d₂… × 10ⁿ.
///
/// Swift's `description` finds the same digits as ECMAScript; only the notation around them differs.
private func shortestDecimal(of value: Double) -> (digits: [UInt8], pointPosition: Int) {
    var digits: [UInt8] = []
    var pointPosition: Int?
    var exponent = 0
    let text = value.description
    for (index, byte) in zip(text.utf8.indices, text.utf8) {
        if byte == UInt8(ascii: "e") {
            exponent = Int(text[text.utf8.index(after: index)...]) ?? 0
            break
        }
        if byte == UInt8(ascii: ".") {
            pointPosition = digits.count
        } else {
            digits.append(byte)
        }
    }
    var position = (pointPosition ?? digits.count) + exponent
    let leadingZeros = digits.prefix { $0 == UInt8(ascii: "0") }.count
    digits.removeFirst(leadingZeros)
    position -= leadingZeros
    while digits.last == UInt8(ascii: "0") { digits.removeLast() }
    return (digits, position)
}
