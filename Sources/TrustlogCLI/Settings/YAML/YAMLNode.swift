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
        if text.wholeMatch(of: /[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+/) != nil { return .integer }
        let number = /[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)/
        return text.wholeMatch(of: number) != nil ? .number : .text
    }
}

package struct YAMLError: Error, Sendable {
    package var message: String
    package var mark: YAMLMark
}
