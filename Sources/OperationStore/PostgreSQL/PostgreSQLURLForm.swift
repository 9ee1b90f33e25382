/// Whether host, port and database of a PostgreSQL URL can be what they seem. libpq ends the user's part at the first `@`, and
/// takes everything for a host if a `/` comes before it: a password that holds one of them unescaped would become part of the
/// host, the port or the database's name, and be told in every error and log line.
struct PostgreSQLURLForm {
    private let place: ArraySlice<UInt8>
    private let database: ArraySlice<UInt8>

    /// - Parameter url: not yet percent-decoded: `%40` is no `@`.
    init(_ url: String) {
        let bytes = Array(url.utf8)
        let start = url.firstRange(of: "://").map { url.utf8.distance(from: url.startIndex, to: $0.upperBound) } ?? 0
        var rest = bytes[start...]
        if let end = rest.firstIndex(where: { Self.slash == $0 || Self.at == $0 }), rest[end] == Self.at {
            rest = rest[(end + 1)...]
        }
        place = rest.prefix { $0 != Self.slash && $0 != Self.question }
        database = rest[place.endIndex...].prefix { $0 != Self.question }
    }

    /// - Throws: kind `configuration`, without what the URL holds.
    func check() throws(StoreError) {
        if place.contains(Self.at) || database.contains(Self.at) {
            throw Self.invalid("has an @ in its host or database")
        }
        let isSound = place.split(separator: UInt8(ascii: ",")).allSatisfy(Self.hasSoundPort)
        if !isSound { throw Self.invalid("has a port that is no number from 1 to 65535") }
    }

    private static func hasSoundPort(_ host: ArraySlice<UInt8>) -> Bool {
        let bracket = host.first == UInt8(ascii: "[") ? host.firstIndex(of: UInt8(ascii: "]")) : nil
        let behind = host[(bracket ?? host.startIndex)...]
        guard let colon = behind.firstIndex(of: UInt8(ascii: ":")), colon + 1 < behind.endIndex else { return true }
        let port = UInt16(String(decoding: behind[(colon + 1)...], as: UTF8.self))
        return port.map { $0 > 0 } ?? false
    }

    private static let slash = UInt8(ascii: "/")
    private static let at = UInt8(ascii: "@")
    private static let question = UInt8(ascii: "?")

    private static func invalid(_ problem: String) -> StoreError {
        StoreError(
            .configuration,
            "database.url \(problem). In user and password write @ as %40, / as %2F, : as %3A, ? as %3F and % as %25, or "
                + "put the password into database.password")
    }
}
