// Swift's own C library module, for strtod and vsnprintf.
import Glibc

/// A second, plain implementation of RFC 8785 that shares nothing with the one under test: it parses into a tree and
/// writes the tree. Used by the tests and by the fuzzer.
indirect enum ReferenceJSON: Equatable {
    case null
    case bool(Bool)
    case number(Double)
    case string([UInt16])
    case array([ReferenceJSON])
    case object([(name: [UInt16], value: ReferenceJSON)])

    static func == (left: ReferenceJSON, right: ReferenceJSON) -> Bool {
        left.canonical == right.canonical
    }

    /// `nil` if it is not JSON. Duplicate names and lone surrogates are let through: they show in the output.
    init?(_ text: [UInt8]) {
        guard String(validating: text, as: UTF8.self) != nil else { return nil }
        var parser = ReferenceParser(units: Array(String(decoding: text, as: UTF8.self).utf16))
        guard let value = parser.value(), parser.isAtEnd() else { return nil }
        self = value
    }

    subscript(name: String) -> ReferenceJSON? {
        guard case .object(let members) = self else { return nil }
        return members.first { $0.name == Array(name.utf16) }?.value
    }

    var text: String? {
        guard case .string(let units) = self else { return nil }
        return String(decoding: units, as: UTF16.self)
    }

    var canonical: String {
        switch self {
        case .null: return "null"
        case .bool(let value): return value ? "true" : "false"
        case .number(let value): return referenceNumber(value)
        case .string(let units): return referenceString(units)
        case .array(let elements): return "[" + elements.map(\.canonical).joined(separator: ",") + "]"
        case .object(let members):
            let sorted = members.sorted { $0.name.lexicographicallyPrecedes($1.name) }
            return "{" + sorted.map { referenceString($0.name) + ":" + $0.value.canonical }.joined(separator: ",") + "}"
        }
    }
}

private func referenceString(_ units: [UInt16]) -> String {
    let short: [UInt16: String] = [
        8: "\\b", 9: "\\t", 10: "\\n", 12: "\\f", 13: "\\r", 34: "\\\"", 92: "\\\\",
    ]
    var text = ""
    for scalar in String(decoding: units, as: UTF16.self).unicodeScalars {
        if let unit = UInt16(exactly: scalar.value), let escape = short[unit] {
            text += escape
        } else if scalar.value < 32 {
            let hex = String(scalar.value, radix: 16)
            text += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
        } else {
            text.unicodeScalars.append(scalar)
        }
    }
    return "\"" + text + "\""
}

/// ECMAScript's form, from the fewest digits of C's `%e` that read back as the same double.
func referenceNumber(_ value: Double) -> String {
    if value == 0 { return "0" }
    var mantissa = ""
    var exponent = 0
    for precision in 0...16 {
        let text = formatted(value.magnitude, precision)
        guard strtod(text, nil) == value.magnitude else { continue }
        let parts = text.split(separator: "e")
        mantissa = parts[0].filter { $0 != "." }
        exponent = Int(parts[1])!
        break
    }
    let sign = value < 0 ? "-" : ""
    let digits = Array(mantissa)
    switch exponent {
    case 0...20 where digits.count <= exponent + 1:
        return sign + mantissa + String(repeating: "0", count: exponent + 1 - digits.count)
    case 0...20:
        return sign + String(digits[...exponent]) + "." + String(digits[(exponent + 1)...])
    case -6 ... -1:
        return sign + "0." + String(repeating: "0", count: -exponent - 1) + mantissa
    default:
        let fraction = digits.count > 1 ? "." + String(digits[1...]) : ""
        return sign + String(digits[0]) + fraction + "e" + (exponent < 0 ? "-" : "+") + String(exponent.magnitude)
    }
}

private func formatted(_ value: Double, _ precision: Int) -> String {
    var buffer = [CChar](repeating: 0, count: 64)
    let count = withVaList([Int32(precision), value]) { vsnprintf(&buffer, buffer.count, "%.*e", $0) }
    return String(decoding: buffer.prefix(Int(count)).map(UInt8.init(bitPattern:)), as: UTF8.self)
}

private struct ReferenceParser {
    let units: [UInt16]
    var index = 0

    init(units: [UInt16]) {
        self.units = units
    }

    private mutating func skip() {
        while index < units.count, [0x20, 0x09, 0x0A, 0x0D].contains(units[index]) { index += 1 }
    }

    private mutating func take(_ text: String) -> Bool {
        skip()
        let expected = Array(text.utf16)
        guard units[index...].starts(with: expected) else { return false }
        index += expected.count
        return true
    }

    mutating func isAtEnd() -> Bool {
        skip()
        return index == units.count
    }

    mutating func value() -> ReferenceJSON? {
        if take("{") { return object() }
        if take("[") { return array() }
        if take("\"") { return string().map { .string($0) } }
        if take("null") { return .null }
        if take("true") { return .bool(true) }
        if take("false") { return .bool(false) }
        return number()
    }

    private mutating func object() -> ReferenceJSON? {
        var members: [(name: [UInt16], value: ReferenceJSON)] = []
        if take("}") { return .object([]) }
        repeat {
            guard take("\""), let name = string(), take(":"), let value = value() else { return nil }
            members.append((name, value))
        } while take(",")
        return take("}") ? .object(members) : nil
    }

    private mutating func array() -> ReferenceJSON? {
        var elements: [ReferenceJSON] = []
        if take("]") { return .array([]) }
        repeat {
            guard let value = value() else { return nil }
            elements.append(value)
        } while take(",")
        return take("]") ? .array(elements) : nil
    }

    private mutating func string() -> [UInt16]? {
        var result: [UInt16] = []
        let simple: [Character: UInt16] = [
            "b": 8, "f": 12, "n": 10, "r": 13, "t": 9, "\"": 34, "\\": 92, "/": 47,
        ]
        while index < units.count {
            let unit = units[index]
            index += 1
            if unit == 34 { return result }
            if unit < 32 { return nil }
            guard unit == 92 else {
                result.append(unit)
                continue
            }
            guard index < units.count, let scalar = Unicode.Scalar(units[index]) else { return nil }
            index += 1
            if scalar == "u" {
                guard index + 4 <= units.count else { return nil }
                let digits = String(decoding: units[index..<index + 4], as: UTF16.self)
                guard digits.allSatisfy({ $0.isHexDigit && $0.isASCII }), let value = UInt16(digits, radix: 16) else {
                    return nil
                }
                index += 4
                result.append(value)
            } else {
                guard let value = simple[Character(scalar)] else { return nil }
                result.append(value)
            }
        }
        return nil
    }

    private mutating func number() -> ReferenceJSON? {
        let start = index
        while index < units.count, let scalar = Unicode.Scalar(units[index]),
            "+-.eE0123456789".unicodeScalars.contains(scalar)
        {
            index += 1
        }
        let text = String(decoding: units[start..<index], as: UTF16.self)
        guard !text.isEmpty else { return nil }
        return .number(strtod(text, nil))
    }
}
