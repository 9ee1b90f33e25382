import Glibc
import Synchronization

/// Ports of 127.0.0.1 that nothing listens on.
package enum FreePort {
    /// Below those that the system gives to whoever asks for any: another program's connection could take such a port before
    /// the server that it was found for listens there, or while that server is away.
    private static let range: ClosedRange<UInt16> = 15_000...31_999
    /// Ports given out before, so that two servers that start at once never get the same.
    private static let given = Mutex<Set<UInt16>>([])

    package static func find() throws(CommandError) -> UInt16 {
        try find(consecutive: 1)
    }

    /// The first of several free ports in a row.
    package static func find(consecutive count: Int) throws(CommandError) -> UInt16 {
        for _ in 0..<200 {
            let first = UInt16.random(in: range)
            let ports = (0..<UInt16(count)).map { first + $0 }
            guard ports.allSatisfy(isFree) else { continue }
            let isNew = given.withLock { given in
                guard given.isDisjoint(with: ports) else { return false }
                given.formUnion(ports)
                return true
            }
            if isNew { return first }
        }
        throw CommandError("no \(count) free ports in a row on 127.0.0.1")
    }

    /// Whether a server could listen there now.
    package static func isFree(_ port: UInt16) -> Bool {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        var address = loopbackAddress(port)
        let size = socklen_t(MemoryLayout<sockaddr_in>.size)
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, size) == 0 }
        }
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
