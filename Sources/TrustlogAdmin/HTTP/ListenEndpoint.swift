/// Where a server listens: the settings `http.listen` and `admin.listen`.
package struct ListenEndpoint: Sendable, Equatable, CustomStringConvertible {
    /// A name or an address, IPv6 without brackets.
    package let host: String
    /// 0: any free port.
    package let port: UInt16

    package init(host: String, port: UInt16) {
        self.host = host
        self.port = port
    }

    /// Reads `host:port`, an IPv6 address in brackets (`[::]:8464`).
    package init(parsing text: String) throws(ListenEndpointError) {
        let bytes = Array(text.utf8)
        guard let colon = bytes.lastIndex(of: UInt8(ascii: ":")) else {
            throw ListenEndpointError(text: text, problem: "there is no port")
        }
        var host = bytes[..<colon]
        if host.first == UInt8(ascii: "["), host.last == UInt8(ascii: "]"), host.count > 2 {
            host = host.dropFirst().dropLast()
        } else if host.contains(UInt8(ascii: ":")) {
            throw ListenEndpointError(text: text, problem: "an IPv6 address stands in brackets")
        }
        guard !host.isEmpty, host.allSatisfy({ $0 > 0x20 && $0 < 0x7F && !"/[]".utf8.contains($0) }) else {
            throw ListenEndpointError(text: text, problem: "the host is missing or is no host name or address")
        }
        let digits = bytes[(colon + 1)...]
        guard digits.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
            let port = UInt16(String(decoding: digits, as: UTF8.self))
        else {
            throw ListenEndpointError(text: text, problem: "the port is not a number from 0 to 65535")
        }
        self.init(host: String(decoding: host, as: UTF8.self), port: port)
    }

    package var description: String {
        host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]:\(port)" : "\(host):\(port)"
    }

    /// Whether this is every address of the machine.
    package var isWildcard: Bool {
        guard let address = IPAddress(host) else { return false }
        return address.isUnspecified
    }

    /// The host that a program on the same machine connects to.
    package var dialHost: String {
        guard isWildcard else { return host }
        return host.utf8.contains(UInt8(ascii: ":")) ? "::1" : "127.0.0.1"
    }
}

package struct ListenEndpointError: Error, Sendable, Equatable, CustomStringConvertible {
    package let text: String
    package let problem: String

    package var description: String {
        "\"\(text)\" is no address to listen on: \(problem); expected host:port, for example 127.0.0.1:8465 or [::]:8464"
    }
}
