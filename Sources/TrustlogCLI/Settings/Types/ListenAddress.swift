import Glibc

/// An address to listen on: an IP address and a port, `0.0.0.0:8464` or `[::]:8464`.
package struct ListenAddress: Sendable, Equatable, CustomStringConvertible {
    /// Without brackets.
    package var host: String
    /// 0: one that is free.
    package var port: UInt16

    package init(host: String, port: UInt16) {
        self.host = host
        self.port = port
    }

    /// `localhost` stands for `127.0.0.1`.
    package init?(_ text: String) {
        guard let colon = text.lastIndex(of: ":") else { return nil }
        let digits = text[text.index(after: colon)...]
        guard digits.allSatisfy({ $0.isASCII && $0.isNumber }), let port = UInt16(digits) else { return nil }
        var host = String(text[..<colon])
        if host == "localhost" { host = "127.0.0.1" }
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = String(host.dropFirst().dropLast())
            guard Self.isAddress(host, family: AF_INET6) else { return nil }
        } else {
            guard Self.isAddress(host, family: AF_INET) else { return nil }
        }
        self.init(host: host, port: port)
    }

    package var isIPv6: Bool { host.contains(":") }

    /// Reachable from this machine only.
    package var isLoopback: Bool { host == "::1" || host.hasPrefix("127.") }

    package var description: String { isIPv6 ? "[\(host)]:\(port)" : "\(host):\(port)" }

    private static func isAddress(_ text: String, family: Int32) -> Bool {
        var storage = in6_addr()
        return inet_pton(family, text, &storage) == 1
    }
}
