import Glibc

/// Makes a file that was not there, whole or not at all.
enum NewFile {
    enum Failure: Error {
        case exists
        case system(String)
    }

    /// Writes beside the place and links it in: `link(2)` never overwrites, and nobody sees half a file.
    static func write(_ text: String, to path: String, mode: mode_t) throws(Failure) {
        let draft = "\(path).\(getpid()).new"
        let descriptor = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode)
        guard descriptor >= 0 else { throw failure(path) }
        defer { unlink(draft) }
        do {
            defer { close(descriptor) }
            try fill(descriptor, text, path, mode)
        }
        guard link(draft, path) == 0 else {
            if errno == EEXIST { throw .exists }
            throw failure(path)
        }
        syncDirectory(of: path)
    }

    private static func fill(_ descriptor: Int32, _ text: String, _ path: String, _ mode: mode_t) throws(Failure) {
        // Whatever the umask is.
        guard fchmod(descriptor, mode) == 0 else { throw failure(path) }
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let written = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if written < 0, errno == EINTR { continue }
            guard written > 0 else { throw failure(path) }
            rest = rest.dropFirst(written)
        }
        guard fsync(descriptor) == 0 else { throw failure(path) }
    }

    private static func syncDirectory(of path: String) {
        let end = path.lastIndex(of: "/")
        let directory = end.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
        let descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        fsync(descriptor)
        close(descriptor)
    }

    private static func failure(_ path: String) -> Failure {
        .system(SmallFile.failure(path).message)
    }
}
