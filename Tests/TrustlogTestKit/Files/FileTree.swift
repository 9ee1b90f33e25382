import Glibc

/// Whole files, without Foundation.
package enum FileTree {
    package static func read(_ path: String) throws(CommandError) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw CommandError(call: "open \(path)", errno: errno) }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw CommandError(call: "read \(path)", errno: errno) }
            if count == 0 { return bytes }
            bytes.append(contentsOf: buffer[..<count])
        }
    }

    /// Invalid UTF-8 is replaced.
    package static func text(_ path: String) throws(CommandError) -> String {
        String(decoding: try read(path), as: UTF8.self)
    }

    /// Replaces the file.
    package static func write(
        _ bytes: some Sequence<UInt8>, to path: String, mode: UInt32 = 0o644
    ) throws(CommandError) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode)
        guard descriptor >= 0 else { throw CommandError(call: "open \(path)", errno: errno) }
        defer { close(descriptor) }
        var rest = ArraySlice(Array(bytes))
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw CommandError(call: "write \(path)", errno: errno) }
            rest = rest.dropFirst(count)
        }
    }

    package static func write(_ text: String, to path: String, mode: UInt32 = 0o644) throws(CommandError) {
        try write(text.utf8, to: path, mode: mode)
    }

    package static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    package static func isExecutable(_ path: String) -> Bool { access(path, X_OK) == 0 }

    package static func makeFolder(_ path: String) throws(CommandError) {
        guard mkdir(path, 0o755) == 0 || errno == EEXIST else {
            throw CommandError(call: "mkdir \(path)", errno: errno)
        }
    }

    /// The names in a folder, sorted; none if it cannot be read.
    package static func names(in folder: String) -> [String] {
        guard let stream = opendir(folder) else { return [] }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    /// Deletes a file or a folder with everything in it; symbolic links are not followed.
    package static func remove(_ path: String) {
        // `remove` takes a file or an empty folder; a link to a folder is a file.
        if Glibc.remove(path) == 0 || errno != ENOTEMPTY && errno != EEXIST { return }
        for name in names(in: path) { remove("\(path)/\(name)") }
        Glibc.remove(path)
    }

    /// The first program of that name in `PATH`.
    package static func program(_ name: String) -> String? {
        let folders = (environmentVariable("PATH") ?? "/usr/bin:/bin").split(separator: ":")
        return folders.map { "\($0)/\(name)" }.first(where: isExecutable)
    }
}
