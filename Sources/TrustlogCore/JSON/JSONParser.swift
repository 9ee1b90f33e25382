/// A strict parser of JSON (RFC 8259) as I-JSON (RFC 7493) restricts it: no duplicate names at any depth, no lone
/// surrogates, nothing after the value, nesting up to ``maximumDepth``.
///
/// The input is passed to every call instead of being kept, so that it can be a `Span`; it must be valid UTF-8
/// (``validate(_:)``). What is read of unknown shape is written in RFC 8785 form to ``canonical``; what is read of known
/// shape is handed out as tokens, ranges of the input, so that the common case copies nothing.
///
/// Safe against hostile input: the recursion is bounded by the depth, duplicate names are found by sorting.
struct JSONParser {
    static let maximumDepth = 64

    var position = 0
    /// Canonical text written so far; the members of the objects that are still open lie behind each other at its end.
    var canonical: [UInt8] = []
    /// Names, unescaped, of the members of all objects that are still open.
    var names: [UInt8] = []
    var members: [Member] = []
    /// For strings whose escapes are being resolved, and for members that change places.
    var scratch: [UInt8] = []
    /// A number was read that the contract does not allow (see ``NumberRule``); the caller resets it.
    var sawForbiddenNumber = false
    /// The name that ``JSONError/Reason/duplicateName`` is about.
    var duplicateName = ""
    let numberRule: NumberRule

    init(numberRule: NumberRule = .message) {
        self.numberRule = numberRule
    }

    /// Checks what has to hold before anything is parsed: UTF-8, no byte order mark.
    static func validate(_ input: Span<UInt8>) throws(JSONError) {
        if input.count >= 3, input[0] == 0xEF, input[1] == 0xBB, input[2] == 0xBF {
            throw JSONError(reason: .byteOrderMark, offset: 0)
        }
        do {
            _ = try UTF8Span(validating: input)
        } catch {
            throw JSONError(reason: .invalidUTF8, offset: error.byteOffsets.lowerBound)
        }
    }

    /// The byte at the position; 0, which stands for nothing in JSON, at the end.
    @inline(__always)
    func current(_ input: Span<UInt8>) -> UInt8 {
        position < input.count ? input[position] : 0
    }

    @inline(__always)
    mutating func skipWhitespace(_ input: Span<UInt8>) {
        while position < input.count {
            switch input[position] {
            case 0x20, 0x09, 0x0A, 0x0D: position &+= 1
            default: return
            }
        }
    }

    func failure(_ expectation: JSONError.Expectation, _ input: Span<UInt8>) -> JSONError {
        JSONError(reason: position < input.count ? .expected(expectation) : .unexpectedEnd, offset: position)
    }

    mutating func expectEnd(_ input: Span<UInt8>) throws(JSONError) {
        skipWhitespace(input)
        if position < input.count { throw JSONError(reason: .trailingBytes, offset: position) }
    }

    // MARK: Objects and arrays of known shape

    mutating func openObject(_ input: Span<UInt8>) throws(JSONError) {
        skipWhitespace(input)
        guard current(input) == UInt8(ascii: "{") else { throw failure(.object, input) }
        position += 1
    }

    /// The name of the next member, with the position at its value; `nil` behind the object's end.
    @inline(__always)
    mutating func nextName(_ input: Span<UInt8>, isFirst: inout Bool) throws(JSONError) -> StringToken? {
        skipWhitespace(input)
        var byte = current(input)
        if byte == UInt8(ascii: "}") {
            position += 1
            return nil
        }
        if isFirst {
            isFirst = false
        } else {
            guard byte == UInt8(ascii: ",") else { throw failure(.commaOrBrace, input) }
            position += 1
            skipWhitespace(input)
            byte = current(input)
        }
        guard byte == UInt8(ascii: "\"") else { throw failure(.name, input) }
        let name = try scanString(input)
        skipWhitespace(input)
        guard current(input) == UInt8(ascii: ":") else { throw failure(.colon, input) }
        position += 1
        skipWhitespace(input)
        return name
    }

    mutating func openArray(_ input: Span<UInt8>) throws(JSONError) {
        skipWhitespace(input)
        guard current(input) == UInt8(ascii: "[") else { throw failure(.array, input) }
        position += 1
    }

    /// Whether another element follows, with the position at it; otherwise the position is behind the array's end.
    mutating func nextElement(_ input: Span<UInt8>, isFirst: inout Bool) throws(JSONError) -> Bool {
        skipWhitespace(input)
        if current(input) == UInt8(ascii: "]") {
            position += 1
            return false
        }
        if isFirst {
            isFirst = false
            return true
        }
        guard current(input) == UInt8(ascii: ",") else { throw failure(.commaOrBracket, input) }
        position += 1
        skipWhitespace(input)
        return true
    }

    /// Reads a value of any shape, checks it as strictly as everything else and forgets it.
    mutating func skipValue(_ input: Span<UInt8>, level: Int) throws(JSONError) {
        let start = canonical.count
        try appendValue(input, level: level)
        canonical.removeLast(canonical.count - start)
    }
}
