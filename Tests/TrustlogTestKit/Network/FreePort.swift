import Glibc
import Synchronization

/// Ports of 127.0.0.1 that nothing listens on.
package enum FreePort {
    /// Ports given out before, so that two servers that start at once never get the same.
    private static let given = Mutex<Set<UInt16>>([])

    package static func find() throws(CommandError) -> UInt16 {
        try find(consecutive: 1)
    }

    /// The first of several free ports in a row.
    package static func find(consecutive count: Int) throws(CommandError) -> UInt16 {
        for _ in 0..<200 {
            let first = try anyPort()
            let range = (0..<count).compactMap { UInt16(exactly: Int(first) + $0) }
            guard range.count == count, range.dropFirst().allSatisfy(isFree) else { continue }
            let isNew = given.withLock { given in
                guard given.isDisjoint(with: range) else { return false }
                given.formUnion(range)
                return true
            }
            if isNew { return first }
        }
        throw CommandError("no \(count) free ports in a row on 127.0.0.1")
    }

    private static func isFree(_ port: UInt16) -> Bool {
        (try? bound(to: port)) != nil
    }

    private static func anyPort() throws(CommandError) -> UInt16 {
        try bound(to: 0)
    }

    /// Binds and frees the port again. - Returns: the port, also where `port` is 0.
    private static func bound(to port: UInt16) throws(CommandError) -> UInt16 {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { throw CommandError(call: "socket", errno: errno) }
        defer { close(descriptor) }
        var address = loopbackAddress(port)
        let size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let code = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                var size = size
                return bind(descriptor, address, size) == 0 && getsockname(descriptor, address, &size) == 0 ? 0 : errno
            }
        }
        guard code == 0 else { throw CommandError(call: "bind to 127.0.0.1:\(port)", errno: code) }
        return UInt16(bigEndian: address.sin_port)
    }
}

/// 127.0.0.1 with a port.
func loopbackAddress(_ port: UInt16) -> sockaddr_in {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    return address
}
