import Glibc

/// How a process calls itself in leases.
enum ProcessOwner {
    /// Host, process and chance: no two processes ever have the same.
    static func unique() -> String {
        var name = [CChar](repeating: 0, count: 256)
        gethostname(&name, name.count - 1)
        let host = String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return "\(host)-\(getpid())-\(String(UInt32.random(in: 0 ... .max), radix: 36))"
    }
}
