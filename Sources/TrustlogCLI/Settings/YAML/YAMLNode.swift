/// Where something stands in a YAML file, counted from 1; columns in characters.
package struct YAMLMark: Sendable, Equatable {
    package var line: Int
    package var column: Int
}

/// The part of YAML that settings need: maps with text keys, lists, scalars.
package indirect enum YAMLNode: Sendable {
    case scalar(YAMLScalar)
    case sequence([YAMLNode], YAMLMark)
    case mapping([YAMLEntry], YAMLMark)

    var mark: YAMLMark {
        switch self {
        case .scalar(let scalar): scalar.mark
        case .sequence(_, let mark), .mapping(_, let mark): mark
        }
    }
}

package struct YAMLEntry: Sendable {
    package var key: YAMLScalar
    package var value: YAMLNode
}

package struct YAMLScalar: Sendable {
    /// What a plain scalar stands for in the core schema of YAML 1.2 (section 10.3.2); anything quoted is text.
    package enum Resolution: Sendable {
        case null, boolean, integer, number, text
    }

    package var text: String
    /// Neither quoted nor a block.
    package var isPlain: Bool
    package var mark: YAMLMark

    package var resolution: Resolution {
        guard isPlain else { return .text }
        switch text {
        case "", "~", "null", "Null", "NULL": return .null
        case "true", "True", "TRUE", "false", "False", "FALSE": return .boolean
        case ".nan", ".NaN", ".NAN": return .number
        default: break
        }
        if isInteger { return .integer }
        return isNumber ? .number : .text
    }

    private var isInteger: Bool {
        if text.hasPrefix("0o") { return text.dropFirst(2).consists { $0.isASCIIDigit && $0 < UInt8(ascii: "8") } }
        if text.hasPrefix("0x") { return text.dropFirst(2).consists(of: \.isASCIIHexDigit) }
        return unsigned.consists(of: \.isASCIIDigit)
    }

    private var isNumber: Bool {
        if [".inf", ".Inf", ".INF"].contains(unsigned) { return true }
        // `Double` reads what YAML calls a number, and more, which takes other letters.
        let marks = ".eE+-".utf8
        return unsigned.consists { $0.isASCIIDigit || marks.contains($0) } && Double(text) != nil
    }

    private var unsigned: Substring {
        text.hasPrefix("-") || text.hasPrefix("+") ? text.dropFirst() : text[...]
    }
}

package struct YAMLError: Error, Sendable {
    package var message: String
    package var mark: YAMLMark
}
