import Glibc

/// A bound, listening, non-blocking TCP socket; closed unless its descriptor is taken.
struct ListeningSocket: ~Copyable {
    private let descriptor: Int32
    /// The actual one, where the endpoint's is 0.
    let port: UInt16

    /// IPv6's `[::]` also takes IPv4 connections.
    init(_ endpoint: ListenEndpoint, backlog: Int32 = 128) throws(HTTPServerError) {
        var address = try ResolvedAddress(endpoint)
        let descriptor = socket(
            address.family, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
        guard descriptor >= 0 else { throw .fromErrno(errno, call: "socket", endpoint: endpoint) }
        let port: UInt16
        do throws(HTTPServerError) {
            try ListeningSocket.setOption(descriptor, SOL_SOCKET, SO_REUSEADDR, to: 1, endpoint)
            if address.family == AF_INET6 {
                try ListeningSocket.setOption(
                    descriptor, Int32(IPPROTO_IPV6), IPV6_V6ONLY, to: endpoint.isWildcard ? 0 : 1, endpoint)
            }
            guard address.withSockaddr({ bind(descriptor, $0, $1) }) == 0 else {
                throw .fromErrno(errno, call: "bind", endpoint: endpoint)
            }
            guard listen(descriptor, backlog) == 0 else {
                throw .fromErrno(errno, call: "listen", endpoint: endpoint)
            }
            port = try ListeningSocket.boundPort(descriptor, endpoint)
        } catch {
            close(descriptor)
            throw error
        }
        self.descriptor = descriptor
        self.port = port
    }

    deinit { close(descriptor) }

    /// The descriptor now belongs to the caller.
    consuming func take() -> Int32 {
        let descriptor = self.descriptor
        discard self
        return descriptor
    }

    private static func setOption(
        _ descriptor: Int32, _ level: Int32, _ name: Int32, to value: Int32, _ endpoint: ListenEndpoint
    ) throws(HTTPServerError) {
        var value = value
        guard setsockopt(descriptor, level, name, &value, socklen_t(MemoryLayout<Int32>.size)) == 0 else {
            throw .fromErrno(errno, call: "setsockopt", endpoint: endpoint)
        }
    }

    private static func boundPort(_ descriptor: Int32, _ endpoint: ListenEndpoint) throws(HTTPServerError) -> UInt16 {
        var bound = ResolvedAddress()
        guard bound.fill({ getsockname(descriptor, $0, $1) }) == 0 else {
            throw .fromErrno(errno, call: "getsockname", endpoint: endpoint)
        }
        return bound.port
    }
}

/// A socket address of either family.
private struct ResolvedAddress {
    private var storage = sockaddr_storage()
    private var length = socklen_t(MemoryLayout<sockaddr_storage>.size)

    init() {}

    /// The first address that the host has.
    init(_ endpoint: ListenEndpoint) throws(HTTPServerError) {
        var hints = addrinfo()
        hints.ai_flags = AI_PASSIVE
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(endpoint.host, String(endpoint.port), &hints, &list)
        defer { if let list { freeaddrinfo(list) } }
        guard code == 0, let entry = list?.pointee, let address = entry.ai_addr,
            Int(entry.ai_addrlen) <= MemoryLayout<sockaddr_storage>.size
        else {
            throw HTTPServerError(endpoint: endpoint, reason: .unresolvable(String(cString: gai_strerror(code))))
        }
        length = entry.ai_addrlen
        withUnsafeMutableBytes(of: &storage) {
            $0.copyMemory(from: UnsafeRawBufferPointer(start: address, count: Int(entry.ai_addrlen)))
        }
    }

    var family: Int32 { Int32(storage.ss_family) }

    /// The port of both families stands at the same place, in network order.
    var port: UInt16 {
        withUnsafeBytes(of: storage) { UInt16(bigEndian: $0.loadUnaligned(fromByteOffset: 2, as: UInt16.self)) }
    }

    mutating func withSockaddr(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
        let length = self.length
        return withUnsafePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, length) }
        }
    }

    mutating func fill(_ body: (UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> Int32) -> Int32 {
        withUnsafeMutablePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, &length) }
        }
    }
}
