import Glibc

/// The account that a database server insists on: used where the tests run as root.
struct ServiceUser: Sendable {
    let name: String
    private let isRoot = geteuid() == 0

    init(name: String) {
        self.name = name
    }

    /// The command, run as that user.
    func wrap(_ command: [String]) -> [String] {
        guard isRoot, getpwnam(name) != nil else { return command }
        return ["setpriv", "--reuid=\(name)", "--regid=\(name)", "--init-groups", "--"] + command
    }

    /// Gives a folder to that user.
    func own(_ path: String) throws(CommandError) {
        guard isRoot, let entry = getpwnam(name) else { return }
        guard chown(path, entry.pointee.pw_uid, entry.pointee.pw_gid) == 0 else {
            throw CommandError(call: "chown \(path)", errno: errno)
        }
    }
}
