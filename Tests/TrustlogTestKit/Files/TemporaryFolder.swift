import Glibc

/// A folder that is deleted with everything in it when the object goes, and in any case when the process ends.
package final class TemporaryFolder: Sendable {
    package let path: String

    /// - Parameter prefix: kept short: the path of a Unix socket in it has at most 107 bytes.
    package init(_ prefix: String = "tl") throws(CommandError) {
        let base = environmentVariable("TMPDIR") ?? "/tmp"
        var template = Array("\(base)/\(prefix)-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw CommandError(call: "mkdtemp in \(base)", errno: errno) }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        // Database servers run as users of their own and must get through.
        chmod(path, 0o755)
        Watchdog.shared.add(.folder(path))
    }

    deinit {
        FileTree.remove(path)
        Watchdog.shared.remove(.folder(path))
    }

    /// The path of something in it.
    package subscript(name: String) -> String { "\(path)/\(name)" }
}
