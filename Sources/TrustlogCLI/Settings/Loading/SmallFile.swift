import Glibc

/// Files that are read as a whole: settings, secrets, keys.
package enum SmallFile {
    package struct Failure: Error, Sendable {
        /// Names the file and the reason.
        package var message: String
        /// There is no such file.
        package var isMissing = false
    }

    /// - Parameter limit: Bytes; a larger file is a mistake.
    package static func read(_ path: String, limit: Int) throws(Failure) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure(path) }
        defer { close(descriptor) }
        return try read(descriptor, path: path, limit: limit)
    }

    /// The rest of an open file.
    package static func read(_ descriptor: Int32, path: String, limit: Int) throws(Failure) -> [UInt8] {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = Glibc.read(descriptor, &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw failure(path) }
            guard count > 0 else { return bytes }
            bytes += chunk[..<count]
            guard bytes.count <= limit else { throw Failure(message: "\(path): larger than \(limit) bytes") }
        }
    }

    /// By `errno`.
    package static func failure(_ path: String) -> Failure {
        let code = errno
        return Failure(
            message: "\(path): \(String(cString: strerror(code)))", isMissing: code == ENOENT || code == ENOTDIR)
    }
}
