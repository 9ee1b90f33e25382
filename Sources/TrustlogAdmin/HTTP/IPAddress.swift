import Glibc

/// An IP address in its numeric text form.
struct IPAddress: Equatable {
    /// 4 or 16 bytes, in network order.
    private let bytes: [UInt8]

    /// `nil` where the text is no numeric address (a name, for example).
    init?(_ text: String) {
        guard !text.utf8.contains(0) else { return nil }
        var v4 = in_addr()
        var v6 = in6_addr()
        if inet_pton(AF_INET, text, &v4) == 1 {
            bytes = withUnsafeBytes(of: &v4) { Array($0) }
        } else if inet_pton(AF_INET6, text, &v6) == 1 {
            bytes = withUnsafeBytes(of: &v6) { Array($0) }
        } else {
            return nil
        }
    }

    var isUnspecified: Bool { bytes.allSatisfy { $0 == 0 } }

    /// 127.0.0.0/8, also mapped into IPv6, and ::1.
    var isLoopback: Bool {
        if bytes.count == 4 { return bytes[0] == 127 }
        let mapped: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 127]
        return bytes.starts(with: mapped) || (bytes.dropLast().allSatisfy { $0 == 0 } && bytes.last == 1)
    }
}
