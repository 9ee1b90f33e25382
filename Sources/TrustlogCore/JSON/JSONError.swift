/// Why bytes are not the JSON text that was expected, and where.
struct JSONError: Error, Equatable {
    enum Reason: Equatable {
        case unexpectedEnd
        case expected(Expectation)
        case trailingBytes
        case controlCharacter
        case badEscape
        case loneSurrogate
        case badNumber
        case tooDeep
        case duplicateName
        case invalidUTF8
        case byteOrderMark
    }

    enum Expectation: String {
        case value = "a JSON value"
        case object = "a JSON object"
        case string = "a string"
        case array = "an array"
        case name = "a member's name in quotes"
        case colon = "':' after a member's name"
        case commaOrBrace = "',' or '}' after a member"
        case commaOrBracket = "',' or ']' after an element"
    }

    var reason: Reason
    /// Bytes from the start of the text.
    var offset: Int

    /// A clause for people, for example `expected ':' after a member's name at byte 17`.
    var description: String {
        let what =
            switch reason {
            case .unexpectedEnd: "the text ends too early"
            case .expected(let expectation): "expected \(expectation.rawValue)"
            case .trailingBytes: "something follows the JSON object"
            case .controlCharacter: "a control character inside a string is not escaped"
            case .badEscape: "a backslash is not followed by one of the escapes of JSON"
            case .loneSurrogate: "an escape stands for half of a surrogate pair"
            case .badNumber: "a number is not written as JSON allows"
            case .tooDeep: "nested deeper than \(JSONParser.maximumDepth) levels"
            case .duplicateName: "an object has two members of the same name"
            case .invalidUTF8: "not valid UTF-8"
            case .byteOrderMark: "a byte order mark is not allowed"
            }
        return "\(what) at byte \(offset)"
    }
}
