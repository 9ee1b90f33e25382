extension JSONParser {
    /// Reads a value of any shape and appends its RFC 8785 form.
    ///
    /// - Parameter level: the level of nesting of what contains the value; an object or array in it is one deeper.
    mutating func appendValue(_ input: Span<UInt8>, level: Int) throws(JSONError) {
        switch current(input) {
        case UInt8(ascii: "\""): try appendString(input)
        case UInt8(ascii: "{"): try appendObject(input, level: level + 1)
        case UInt8(ascii: "["): try appendArray(input, level: level + 1)
        case UInt8(ascii: "t"): try appendLiteral("true", input)
        case UInt8(ascii: "f"): try appendLiteral("false", input)
        case UInt8(ascii: "n"): try appendLiteral("null", input)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): try appendNumber(input)
        default: throw failure(.value, input)
        }
    }

    private mutating func appendObject(_ input: Span<UInt8>, level: Int) throws(JSONError) {
        if level > Self.maximumDepth { throw JSONError(reason: .tooDeep, offset: position) }
        try openObject(input)
        let frame = openCanonicalObject()
        var isFirst = true
        while let name = try nextName(input, isFirst: &isFirst) {
            try appendMember(name, input, level: level)
        }
        try closeObject(frame)
    }

    private mutating func appendArray(_ input: Span<UInt8>, level: Int) throws(JSONError) {
        if level > Self.maximumDepth { throw JSONError(reason: .tooDeep, offset: position) }
        try openArray(input)
        canonical.append(UInt8(ascii: "["))
        let start = canonical.count
        var isFirst = true
        while try nextElement(input, isFirst: &isFirst) {
            try appendValue(input, level: level)
            canonical.append(UInt8(ascii: ","))
        }
        if canonical.count > start { canonical.removeLast() }
        canonical.append(UInt8(ascii: "]"))
    }

    /// Reads a string literal at the position and appends its canonical form.
    private mutating func appendString(_ input: Span<UInt8>) throws(JSONError) {
        let token = try scanString(input)
        if token.hasEscapes {
            scratch.removeAll(keepingCapacity: true)
            try Self.unescape(token, of: input, into: &scratch)
            canonical.append(quoted: scratch, in: scratch.indices)
        } else {
            // Without escapes a literal is canonical as it stands: nothing in it needs one.
            canonical.append(input.extracting(token.start - 1..<token.end + 1))
        }
    }

    private mutating func appendLiteral(_ literal: StaticString, _ input: Span<UInt8>) throws(JSONError) {
        let end = position + literal.utf8CodeUnitCount
        guard end <= input.count, input.extracting(position..<end).hasSameBytes(as: literal) else {
            throw failure(.value, input)
        }
        position = end
        canonical.append(literal)
    }
}
