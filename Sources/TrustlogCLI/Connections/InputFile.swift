import CommandLineTool
import Glibc

/// A file to read, or standard input (`-`); closed with this value.
struct InputFile: ~Copyable {
    let descriptor: Int32
    /// As messages name it.
    let name: String

    /// - Throws: ``CommandError`` with exit code 1 where it cannot be read.
    init(_ path: String?) throws(CommandError) {
        guard let path, path != "-" else {
            descriptor = STDIN_FILENO
            name = "standard input"
            return
        }
        descriptor = open(path, O_RDONLY | O_CLOEXEC)
        name = path
        guard descriptor >= 0 else { throw Self.failure(path, errno) }
    }

    deinit {
        if descriptor != STDIN_FILENO { close(descriptor) }
    }

    static func failure(_ name: String, _ code: Int32) -> CommandError {
        CommandError(.failure, "cannot read \(name): \(String(cString: strerror(code)))")
    }
}
