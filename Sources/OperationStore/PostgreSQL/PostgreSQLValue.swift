import TrustlogCore

/// A parameter of a statement in PostgreSQL's binary format (the `…_recv` functions of its types).
struct PostgreSQLValue {
    let type: PostgreSQLType
    /// `nil` is NULL.
    let bytes: [UInt8]?

    static func text(_ value: String?) -> PostgreSQLValue {
        PostgreSQLValue(type: .text, bytes: value.map { Array($0.utf8) })
    }

    /// Text for people. PostgreSQL's text holds no U+0000.
    static func message(_ value: String?) -> PostgreSQLValue {
        .text(value?.withoutNull)
    }

    static func integer(_ value: Int64?) -> PostgreSQLValue {
        PostgreSQLValue(type: .int8, bytes: value.map { $0.bigEndianBytes })
    }

    static func bool(_ value: Bool) -> PostgreSQLValue {
        PostgreSQLValue(type: .bool, bytes: [value ? 1 : 0])
    }

    static func time(_ value: Timestamp?) -> PostgreSQLValue {
        PostgreSQLValue(type: .timestamptz, bytes: value.map { $0.postgreSQL.bigEndianBytes })
    }

    /// A number of seconds, for `make_interval(secs => …)`.
    static func seconds(_ value: Duration?) -> PostgreSQLValue {
        PostgreSQLValue(type: .float8, bytes: value.map { $0.intervalSeconds.bitPattern.bigEndianBytes })
    }

    static func array(_ array: PostgreSQLArray) -> PostgreSQLValue {
        PostgreSQLValue(type: array.arrayType, bytes: array.bytes)
    }

    static func texts(_ values: some Collection<String?>) -> PostgreSQLValue {
        var array = PostgreSQLArray(of: .text, count: values.count)
        for value in values { array.append(value) }
        return .array(array)
    }

    /// Texts for people, without U+0000.
    static func messages(_ values: some Collection<String>) -> PostgreSQLValue {
        .texts(values.map(\.withoutNull))
    }

    static func integers(_ values: some Collection<Int64?>) -> PostgreSQLValue {
        var array = PostgreSQLArray(of: .int8, count: values.count)
        for value in values { array.append(value) }
        return .array(array)
    }

    static func partitions(_ values: some Collection<Int32?>) -> PostgreSQLValue {
        var array = PostgreSQLArray(of: .int4, count: values.count)
        for value in values { array.append(value) }
        return .array(array)
    }

    static func times(_ values: some Collection<Timestamp?>) -> PostgreSQLValue {
        var array = PostgreSQLArray(of: .timestamptz, count: values.count)
        for value in values { array.append(value?.postgreSQL) }
        return .array(array)
    }

    static func seconds(of values: some Collection<Duration?>) -> PostgreSQLValue {
        var array = PostgreSQLArray(of: .float8, count: values.count)
        for value in values { array.append(value?.intervalSeconds.bitPattern) }
        return .array(array)
    }
}

/// Object identifiers of PostgreSQL's built-in types, which never change (`pg_type.dat`).
enum PostgreSQLType: UInt32 {
    case bool = 16
    case int8 = 20
    case int4 = 23
    case text = 25
    case float8 = 701
    case timestamptz = 1184
    case int4Array = 1007
    case textArray = 1009
    case int8Array = 1016
    case float8Array = 1022
    case timestamptzArray = 1185
}

/// An array of one dimension in the binary format (`array_recv`).
struct PostgreSQLArray {
    private(set) var bytes: [UInt8] = []
    let arrayType: PostgreSQLType

    /// - Parameters:
    ///   - count: of the elements that are appended afterwards, to the number.
    ///   - size: of an element's bytes, more or less.
    init(of element: PostgreSQLType, count: Int, size: Int = 16) {
        arrayType =
            switch element {
            case .int4: .int4Array
            case .int8: .int8Array
            case .float8: .float8Array
            case .timestamptz: .timestamptzArray
            default: .textArray
            }
        bytes.reserveCapacity(20 + count * (size + 4))
        bytes.append(bigEndian: Int32(count > 0 ? 1 : 0))
        // Whether there are NULLs; the server looks for itself.
        bytes.append(bigEndian: Int32(1))
        bytes.append(bigEndian: element.rawValue)
        if count > 0 {
            bytes.append(bigEndian: Int32(clamping: count))
            bytes.append(bigEndian: Int32(1))
        }
    }

    mutating func append(_ text: String?) {
        guard let text else { return appendNull() }
        bytes.append(bigEndian: Int32(clamping: text.utf8.count))
        bytes.append(contentsOf: text.utf8)
    }

    mutating func append<Number: FixedWidthInteger>(_ number: Number?) {
        guard let number else { return appendNull() }
        bytes.append(bigEndian: Int32(Number.bitWidth / 8))
        bytes.append(bigEndian: number)
    }

    private mutating func appendNull() {
        bytes.append(bigEndian: Int32(-1))
    }
}

extension [UInt8] {
    @inline(__always)
    mutating func append(bigEndian number: some FixedWidthInteger) {
        Swift.withUnsafeBytes(of: number.bigEndian) { append(contentsOf: $0) }
    }
}

extension FixedWidthInteger {
    fileprivate var bigEndianBytes: [UInt8] {
        withUnsafeBytes(of: bigEndian) { Array($0) }
    }
}

extension Timestamp {
    /// Microseconds from 1970 to 2000, where PostgreSQL's times begin.
    private static let epochDifference: Int64 = 946_684_800_000_000

    /// As `timestamptz` is sent.
    var postgreSQL: Int64 {
        let (difference, overflow) = microseconds.subtractingReportingOverflow(Self.epochDifference)
        return overflow ? .min : difference
    }

    /// `nil` for what no clock shows: `infinity` and times that do not fit.
    init?(postgreSQL microseconds: Int64) {
        guard microseconds != .min, microseconds != .max else { return nil }
        let (sum, overflow) = microseconds.addingReportingOverflow(Self.epochDifference)
        if overflow { return nil }
        self.init(microseconds: sum)
    }
}

extension Duration {
    /// Seconds for an interval: at most a thousand years, so that no sum with a time overflows.
    fileprivate var intervalSeconds: Double {
        let (seconds, attoseconds) = components
        return min(max(Double(seconds) + Double(attoseconds) * 1e-18, -31_557_600_000), 31_557_600_000)
    }
}

extension String {
    /// Each U+0000 replaced by U+FFFD.
    fileprivate var withoutNull: String {
        guard hasNull else { return self }
        var scalars = String.UnicodeScalarView()
        for scalar in unicodeScalars { scalars.append(scalar.value == 0 ? "\u{FFFD}" : scalar) }
        return String(scalars)
    }

    /// Whether it holds U+0000, which no text in PostgreSQL does.
    var hasNull: Bool { utf8.contains(0) }
}
