/// What of a database URL must not be shown. Works on anything that resembles a URL, so that errors can show one that is
/// wrong, and on bytes, since a combining mark behind an `@` must not hide it. Where it is open which part of the URL an
/// unescaped character belongs to, more is masked rather than less.
struct DatabaseURLMask {
    /// Behind `://`.
    private let bytes: [UInt8]
    /// Where the host begins.
    private var place = 0
    private var hidden: [Range<Int>] = []

    /// - Parameter rest: the URL without its scheme and `://`.
    init(_ rest: String) {
        bytes = Array(rest.utf8)
        hideCredentials()
        hideParameters()
    }

    /// With `***` for each part that is hidden.
    var text: String {
        var result: [UInt8] = []
        var shown = 0
        for range in merged {
            result += bytes[shown..<range.lowerBound] + Array(Secret.mask.utf8)
            shown = range.upperBound
        }
        return String(decoding: result + bytes[shown...], as: UTF8.self)
    }

    private var merged: [Range<Int>] {
        hidden.sorted { $0.lowerBound < $1.lowerBound }.reduce(into: []) { merged, range in
            if let last = merged.last, range.lowerBound <= last.upperBound {
                merged[merged.count - 1] = last.lowerBound..<max(last.upperBound, range.upperBound)
            } else {
                merged.append(range)
            }
        }
    }

    // MARK: Parameters

    /// Behind every `?` and `&`, wherever the parameters begin: those that hold a secret, and those that nobody knows.
    private mutating func hideParameters() {
        for index in bytes.indices where Self.separators.contains(bytes[index]) {
            guard let parameter = parameter(at: index + 1) else { continue }
            let isUnknown = index >= place && !isKnown(parameter.name)
            if isUnknown || Secret.isSecret(property: Self.decoded(parameter.name)) {
                hidden.append(parameter.value..<endOfSecret(from: parameter.value))
            }
        }
    }

    /// A password may hold `&`: only a parameter that drivers know ends it.
    private func endOfSecret(from start: Int) -> Int {
        bytes[start...].indices.first { index in
            bytes[index] == UInt8(ascii: "&") && parameter(at: index + 1).map { isKnown($0.name) } == true
        } ?? bytes.endIndex
    }

    private func parameter(at start: Int) -> (name: ArraySlice<UInt8>, value: Int)? {
        let name = bytes[start...].prefix { $0 != UInt8(ascii: "=") && !Self.separators.contains($0) }
        guard name.endIndex < bytes.endIndex, bytes[name.endIndex] == UInt8(ascii: "=") else { return nil }
        return (name, name.endIndex + 1)
    }

    private func isKnown(_ name: ArraySlice<UInt8>) -> Bool {
        let name = Self.decoded(name)
        return Self.parameters.contains(name) || Secret.isSecret(property: name)
    }

    // MARK: User and password

    /// Between the first `:` and the last `@`, and what stands in the place of a port and is none.
    private mutating func hideCredentials() {
        let end = endOfPlace
        if let at = bytes[..<end].lastIndex(of: UInt8(ascii: "@")) {
            if let colon = bytes[..<at].firstIndex(of: UInt8(ascii: ":")) { hidden.append(colon + 1..<at) }
            place = at + 1
        }
        if !isPlace(bytes[place..<end]), let colon = bytes[place..<end].firstIndex(of: UInt8(ascii: ":")) {
            hidden.append(colon + 1..<bytes.endIndex)
        }
    }

    /// Where the parameters begin, if the `?` behind the first `/` has in front of it what can be a place, and behind it
    /// nothing but parameters that drivers know; otherwise the `?` may belong to a password.
    private var endOfPlace: Int {
        guard let slash = bytes.firstIndex(of: UInt8(ascii: "/")),
            let question = bytes[slash...].firstIndex(of: UInt8(ascii: "?"))
        else { return bytes.endIndex }
        let place = (bytes[..<question].lastIndex(of: UInt8(ascii: "@")) ?? -1) + 1
        let parameters = bytes[(question + 1)...].split(separator: UInt8(ascii: "&"))
        let areKnown = parameters.allSatisfy { parameter in
            self.parameter(at: parameter.startIndex).map { isKnown($0.name) } == true
        }
        return areKnown && isPlace(bytes[place..<question]) ? question : bytes.endIndex
    }

    /// `host`, `host:port`, `[IPv6]:port`, several with commas, up to a `/` or `?`.
    private func isPlace(_ text: ArraySlice<UInt8>) -> Bool {
        let hosts = text.prefix { $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "?") }
        return hosts.split(separator: UInt8(ascii: ",")).allSatisfy { host in
            var port = host
            if host.first == UInt8(ascii: "[") {
                guard let bracket = host.firstIndex(of: UInt8(ascii: "]")) else { return false }
                port = host[(bracket + 1)...]
                guard port.isEmpty || port.first == UInt8(ascii: ":") else { return false }
            }
            guard let colon = port.firstIndex(of: UInt8(ascii: ":")), colon + 1 < port.endIndex else { return true }
            let digits = String(decoding: port[(colon + 1)...], as: UTF8.self)
            return digits.consists(of: \.isASCIIDigit) && UInt16(digits) != nil
        }
    }

    private static let separators: [UInt8] = [UInt8(ascii: "?"), UInt8(ascii: "&")]

    /// In lower case, without percent-encoding.
    private static func decoded(_ name: ArraySlice<UInt8>) -> String {
        var result: [UInt8] = []
        var rest = name
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), rest.count >= 2,
                let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
            {
                result.append(value)
                rest = rest.dropFirst(2)
            } else {
                result.append(byte)
            }
        }
        return String(decoding: result, as: UTF8.self).lowercased()
    }

    /// Those of libpq up to version 17, and of MySQL URLs here, that hold no secret.
    private static let parameters: Set<String> = [
        "application_name", "channel_binding", "client_encoding", "connect_timeout", "dbname",
        "fallback_application_name", "gssdelegation", "gssencmode", "gsslib", "host", "hostaddr", "keepalives",
        "keepalives_count", "keepalives_idle", "keepalives_interval", "krbsrvname", "load_balance_hosts", "options",
        "passfile", "port", "replication", "require_auth", "requirepeer", "service", "ssl", "ssl-ca", "ssl-cert",
        "ssl-key", "ssl-mode", "ssl_max_protocol_version", "ssl_min_protocol_version", "sslcert", "sslcertmode",
        "sslcompression", "sslcrl", "sslcrldir", "sslkey", "sslmode", "sslnegotiation", "sslrootcert", "sslsni",
        "socket",
        "target_session_attrs", "tcp_user_timeout", "user",
    ]
}
