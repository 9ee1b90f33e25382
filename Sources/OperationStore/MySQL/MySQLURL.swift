/// `mysql://user:password@host:port/database?parameters` (also `mariadb://`), taken apart.
struct MySQLURL: Sendable {
    enum Encryption: String, Sendable, CaseIterable {
        /// Never.
        case disabled
        /// Where the server offers it; nothing is checked.
        case preferred
        /// Always, whoever the server is.
        case required
        /// Always, with a server whose certificate is valid for the host.
        case verifyIdentity = "verify-identity"
    }

    private(set) var host = "localhost"
    private(set) var port: UInt32 = 3306
    private(set) var user: String?
    private(set) var password: String?
    private(set) var database = ""
    private(set) var socket: String?
    private(set) var encryption = Encryption.preferred
    private(set) var authorityFile: String?
    private(set) var certificateFile: String?
    private(set) var keyFile: String?

    /// For messages: without user and password.
    var place: String { socket.map { "\($0), database \(database)" } ?? "\(host):\(port)/\(database)" }

    /// - Parameter password: used where the URL holds none.
    /// - Throws: kind `configuration`, naming the part that is wrong and never a secret.
    init(_ url: String, password: String?) throws(StoreError) {
        guard let scheme = url.range(of: "://") else { throw Self.invalid("is not of the form") }
        var rest = url[scheme.upperBound...]
        let query = Self.split(&rest, at: "?")
        let path = Self.split(&rest, at: "/")
        try readAuthority(rest)
        // A / within the password ends the host too early: what follows is not to be shown as the database's name.
        if path?.contains("@") == true { throw Self.invalid("has an @ behind the host; write / as %2F and @ as %40") }
        guard let path, !path.isEmpty, !path.contains("/") else { throw Self.invalid("names no database") }
        database = try Self.decoded(path, "database")
        for parameter in query?.split(separator: "&") ?? [] { try readParameter(parameter) }
        if self.password == nil { self.password = password }
    }

    private mutating func readAuthority(_ authority: Substring) throws(StoreError) {
        var place = authority
        if let at = authority.lastIndex(of: "@") {
            var credentials = authority[..<at]
            place = authority[authority.index(after: at)...]
            if let password = Self.split(&credentials, at: ":") {
                self.password = try Self.decoded(password, "password")
            }
            user = try Self.decoded(credentials, "user")
        }
        var portText: Substring?
        if place.first == "[" {
            guard let end = place.firstIndex(of: "]") else { throw Self.invalid("has an address without its ]") }
            let behind = place[place.index(after: end)...]
            guard behind.isEmpty || behind.first == ":" else { throw Self.invalid("has something else than a port") }
            portText = behind.isEmpty ? nil : behind.dropFirst()
            place = place[place.index(after: place.startIndex)..<end]
        } else {
            portText = Self.split(&place, at: ":")
        }
        if !place.isEmpty { host = try Self.decoded(place, "host") }
        if let portText {
            guard let port = UInt16(portText), port > 0 else { throw Self.invalid("has no port from 1 to 65535") }
            self.port = UInt32(port)
        }
    }

    private mutating func readParameter(_ parameter: Substring) throws(StoreError) {
        var name = parameter
        let value = try Self.decoded(Self.split(&name, at: "=") ?? "", String(name))
        switch name {
        case "socket": socket = value
        case "ssl-mode":
            guard let encryption = Encryption(rawValue: value.lowercased().replacingUnderscores) else {
                let allowed = Encryption.allCases.map(\.rawValue).joined(separator: ", ")
                throw Self.invalid("has an ssl-mode that is none of \(allowed)")
            }
            self.encryption = encryption
        case "ssl-ca": authorityFile = value
        case "ssl-cert": certificateFile = value
        case "ssl-key": keyFile = value
        default:
            throw Self.invalid(
                "has the parameter \"\(name)\"; known are socket, ssl-mode, ssl-ca, ssl-cert and ssl-key")
        }
    }

    /// Cuts `text` before the first `separator`. - Returns: what stands behind it; `nil` if there is none.
    private static func split(_ text: inout Substring, at separator: Character) -> Substring? {
        guard let index = text.firstIndex(of: separator) else { return nil }
        let behind = text[text.index(after: index)...]
        text = text[..<index]
        return behind
    }

    private static func decoded(_ text: Substring, _ part: String) throws(StoreError) -> String {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard rest.count >= 2, let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) else {
                throw invalid("has a % in its \(part) that is not followed by two hexadecimal digits (write %25)")
            }
            bytes.append(value)
            rest = rest.dropFirst(2)
        }
        guard let decoded = String(validating: bytes, as: UTF8.self), !bytes.contains(0) else {
            throw invalid("has a \(part) that is not text in UTF-8")
        }
        return decoded
    }

    private static func invalid(_ problem: String) -> StoreError {
        StoreError(
            .configuration,
            "database.url \(problem); write mysql://user@host:3306/database, the password in database.password")
    }
}

extension String {
    fileprivate var replacingUnderscores: String { String(map { $0 == "_" ? "-" : $0 }) }

    fileprivate func range(of text: String) -> Range<Index>? { firstRange(of: text) }
}
