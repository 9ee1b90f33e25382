/// Which `Host` headers a server answers.
///
/// A web page can let its own name point to this machine (DNS rebinding) and then read what the server says as its own;
/// the browser still sends the page's name as `Host`. An address cannot be made to point elsewhere.
package enum HostPolicy: Sendable {
    case any
    /// Names and addresses of the loopback interface, and the host that the server listens on; any IP address if that is
    /// every interface.
    case listener(ListenEndpoint)

    /// - Parameter hosts: the values of all `Host` headers of the request.
    func allows(_ hosts: [String]) -> Bool {
        guard case .listener(let endpoint) = self else { return true }
        // Only HTTP/1.0 goes without one, which no browser speaks.
        guard let value = hosts.first else { return true }
        guard hosts.count == 1, let host = HostPolicy.host(of: value) else { return false }
        if host == "localhost" || host == endpoint.host.lowercased() { return true }
        guard let address = IPAddress(host) else { return false }
        return address.isLoopback || endpoint.isWildcard || address == IPAddress(endpoint.host)
    }

    /// The host of `host[:port]` in lower case, without brackets and closing dot; `nil` where it is none.
    private static func host(of value: String) -> String? {
        let value = value.lowercased()
        var host: Substring
        let rest: Substring
        if value.hasPrefix("[") {
            guard let end = value.firstIndex(of: "]") else { return nil }
            host = value[value.index(after: value.startIndex)..<end]
            rest = value[value.index(after: end)...]
        } else {
            let colon = value.firstIndex(of: ":") ?? value.endIndex
            host = value[..<colon]
            rest = value[colon...]
            if host.hasSuffix(".") { host = host.dropLast() }
        }
        guard rest.isEmpty || (rest.hasPrefix(":") && rest.dropFirst().utf8.allSatisfy { (0x30...0x39).contains($0) })
        else { return nil }
        return host.isEmpty ? nil : String(host)
    }
}
