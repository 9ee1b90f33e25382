import TrustlogCore

/// A value that takes the place of a `?` in a statement.
enum MySQLValue {
    case null
    case integer(Int64)
    case text(String)
    case time(Timestamp)

    static func integer(_ value: Int64?) -> MySQLValue { value.map { .integer($0) } ?? .null }
    static func text(_ value: String?) -> MySQLValue { value.map { .text($0) } ?? .null }
    static func time(_ value: Timestamp?) -> MySQLValue { value.map { .time($0) } ?? .null }
}

/// The text of a statement with its values as literals.
///
/// Text and no prepared statement: it is what both servers take fastest for many rows (one packet), and what needs no
/// feature that only one of them has. Literals are safe because every session has `NO_BACKSLASH_ESCAPES` and utf8mb4 (see
/// ``MySQLSession``): a quote, doubled, is then the only character with a meaning inside one.
struct MySQLStatement {
    private(set) var bytes: [UInt8] = []

    init() {}

    /// - Parameter sql: with a `?` for each value; none may stand elsewhere in it.
    init(_ sql: String, _ values: [MySQLValue]) {
        var next = values.makeIterator()
        for byte in sql.utf8 {
            if byte == UInt8(ascii: "?"), let value = next.next() {
                append(value)
            } else {
                bytes.append(byte)
            }
        }
    }

    /// Writes SQL as it is; values are appended.
    mutating func write(_ sql: StaticString) {
        bytes.append(contentsOf: UnsafeBufferPointer(start: sql.utf8Start, count: sql.utf8CodeUnitCount))
    }

    mutating func write(sql: String) { bytes.append(contentsOf: sql.utf8) }

    mutating func append(_ value: MySQLValue) {
        switch value {
        case .null: write("NULL")
        case .integer(let number): append(number)
        case .text(let text): append(text)
        case .time(let time): append(time)
        }
    }

    mutating func append(_ number: Int64?) {
        guard let number else { return write("NULL") }
        bytes.append(contentsOf: String(number).utf8)
    }

    mutating func append(_ text: String?) {
        guard var text else { return write("NULL") }
        let quote = UInt8(ascii: "'")
        bytes.append(quote)
        text.withUTF8 { utf8 in
            guard utf8.contains(quote) else { return bytes.append(contentsOf: utf8) }
            for byte in utf8 {
                if byte == quote { bytes.append(quote) }
                bytes.append(byte)
            }
        }
        bytes.append(quote)
    }

    /// As `DATETIME(6)` takes it: with a space, without the zone.
    mutating func append(_ time: Timestamp) {
        bytes.append(UInt8(ascii: "'"))
        let start = bytes.count
        time.append(to: &bytes)
        bytes[start + 10] = UInt8(ascii: " ")
        bytes[bytes.count - 1] = UInt8(ascii: "'")
    }

    mutating func clear() { bytes.removeAll(keepingCapacity: true) }

    var count: Int { bytes.count }
}
