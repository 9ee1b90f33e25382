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

    /// Works on anything that resembles a URL, so that errors can show one that is wrong. A password may hold `@` and `/`
    /// unescaped: the last `@` in front of the parameters ends it.
    static func masked(_ text: String) -> String {
        guard let (scheme, rest) = text.parted(by: "://") else { return text.hasPrefix("sqlite:") ? text : Secret.mask }
        var result = scheme + "://"
        var remainder = rest[...]
        if let at = rest.lastIndex(of: "@") {
            let user = rest[..<at].prefix { $0 != ":" }
            result += user + (user.endIndex < at ? ":\(Secret.mask)" : "")
            remainder = rest[at...]
        }
        guard let question = remainder.firstIndex(of: "?") else { return result + remainder }
        let parameters = remainder[remainder.index(after: question)...].split(separator: "&").map { parameter in
            let name = parameter.prefix { $0 != "=" }
            return Secret.isSecret(property: name.lowercased()) ? "\(name)=\(Secret.mask)" : String(parameter)
        }
        return result + remainder[..<question] + "?" + parameters.joined(separator: "&")
    }

    /// The same with this password, in place of one that stands there: behind the user's name, or as a parameter where no
    /// user is named.
    func with(password: String) -> DatabaseURL {
        guard kind != .sqlite, let (scheme, rest) = text.parted(by: "://") else { return self }
        let encoded = Self.percentEncoded(password)
        let authorityEnd = rest.firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex
        let changed: String
        if let at = rest[..<authorityEnd].lastIndex(of: "@") {
            let user = rest[..<at].prefix { $0 != ":" }
            changed = scheme + "://" + user + ":" + encoded + rest[at...]
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
