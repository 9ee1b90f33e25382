/// What `database.url` says: which database, and how to show it without its password.
package struct DatabaseURL: Sendable, Equatable {
    package enum Kind: String, Sendable {
        case sqlite, postgresql, mysql
    }

    package let kind: Kind
    /// As it was written, password and all. Only for the driver.
    package let text: String

    private init(kind: Kind, text: String) {
        self.kind = kind
        self.text = text
    }

    package static func sqlite(path: String) -> DatabaseURL {
        DatabaseURL(kind: .sqlite, text: "sqlite:" + path)
    }

    package init?(_ text: String) {
        if text.hasPrefix("sqlite:"), text.utf8.count > "sqlite:".utf8.count {
            kind = .sqlite
        } else if text.hasPrefix("postgresql://") || text.hasPrefix("postgres://") {
            kind = .postgresql
        } else if text.hasPrefix("mysql://") {
            kind = .mysql
        } else {
            return nil
        }
        self.text = text
    }

    /// With `***` for what stands between the user's name and the host, and for the value of a `password` parameter.
    package var masked: String { Self.masked(text) }

    static func masked(_ text: String) -> String {
        guard let (scheme, rest) = text.parted(by: "://") else { return text.hasPrefix("sqlite:") ? text : Secret.mask }
        return scheme + "://" + DatabaseURLMask(rest).text
    }

    /// The same with this password, in place of one that stands there: behind the user's name, or, in PostgreSQL's URLs, as
    /// a parameter where no user is named.
    func with(password: String) -> DatabaseURL {
        guard kind != .sqlite, let (scheme, rest) = text.parted(by: "://") else { return self }
        let encoded = Self.percentEncoded(password)
        // Where the driver looks for the end of user and host; to libpq a `?` in front of the `@` is part of the password.
        let authorityEnd = rest.firstIndex { $0 == "/" || ($0 == "?" && kind == .mysql) } ?? rest.endIndex
        let changed: String
        if let at = rest[..<authorityEnd].lastIndex(of: "@") {
            let user = rest[..<at].prefix { $0 != ":" }
            changed = scheme + "://" + user + ":" + encoded + rest[at...]
        } else if kind == .mysql {
            changed = scheme + "://:" + encoded + "@" + rest
        } else {
            changed = text + (text.contains("?") ? "&" : "?") + "password=" + encoded
        }
        return DatabaseURL(kind: kind, text: changed)
    }

    /// RFC 3986: everything but the unreserved characters.
    private static func percentEncoded(_ text: String) -> String {
        text.utf8.reduce(into: "") { result, byte in
            let scalar = Unicode.Scalar(byte)
            if scalar.isASCII, scalar.properties.isAlphabetic || "0123456789-._~".unicodeScalars.contains(scalar) {
                result.unicodeScalars.append(scalar)
            } else {
                let digits = String(byte, radix: 16, uppercase: true)
                result += "%" + (digits.count == 1 ? "0" : "") + digits
            }
        }
    }
}
