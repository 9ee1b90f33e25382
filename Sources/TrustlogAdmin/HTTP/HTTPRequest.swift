/// A GET or HEAD request, without a body.
package struct HTTPRequest: Sendable {
    /// As sent: percent-encoded, without the query.
    package let rawPath: String
    /// What stands between `?` and the end of the target, as sent; `nil` without a `?`.
    package let rawQuery: String?
    /// What a route's closing parameter matched, decoded; empty for the other routes.
    package internal(set) var parameter: String = ""

    /// Splits a request target (RFC 9112, section 3.2) in origin form or in absolute form; `nil` where it is neither.
    init?(target: String) {
        var rest = Substring(target)
        if let path = HTTPRequest.originForm(ofAbsolute: rest) { rest = path }
        guard rest.utf8.first == UInt8(ascii: "/") else { return nil }
        if let mark = rest.utf8.firstIndex(of: UInt8(ascii: "?")) {
            rawPath = String(rest[..<mark])
            rawQuery = String(rest[rest.utf8.index(after: mark)...])
        } else {
            rawPath = String(rest)
            rawQuery = nil
        }
    }

    private static func originForm(ofAbsolute target: Substring) -> Substring? {
        let scheme = "http://"
        guard target.utf8.count > scheme.utf8.count, target.prefix(scheme.count).lowercased() == scheme else {
            return nil
        }
        let authority = target.dropFirst(scheme.count)
        return authority.utf8.firstIndex(of: UInt8(ascii: "/")).map { authority[$0...] } ?? "/"
    }

    /// The names and values of the query, decoded, in their order; throws the name or pair that cannot be.
    package func queryItems() throws(QueryError) -> [(name: String, value: String)] {
        var items: [(name: String, value: String)] = []
        for pair in (rawQuery ?? "").split(separator: "&") {
            let equals = pair.utf8.firstIndex(of: UInt8(ascii: "="))
            let name = equals.map { pair[..<$0] } ?? pair
            let value = equals.map { pair[pair.utf8.index(after: $0)...] } ?? ""
            guard let name = PercentEncoding.decode(name, plusIsSpace: true),
                let value = PercentEncoding.decode(value, plusIsSpace: true)
            else { throw QueryError(pair: String(pair)) }
            items.append((name, value))
        }
        return items
    }

    /// Whether the query has this flag, with or without a value.
    package func hasFlag(_ name: String) -> Bool {
        (rawQuery ?? "").split(separator: "&").contains { $0 == name || $0.hasPrefix(name + "=") }
    }

    package struct QueryError: Error, Sendable, Equatable, CustomStringConvertible {
        package let pair: String
        package var description: String { "\"\(pair)\" in the query is not percent-encoded UTF-8" }
    }
}
