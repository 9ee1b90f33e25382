import Glibc

/// The account that a database server insists on: used where the tests run as root.
struct ServiceUser: Sendable {
    let name: String
    /// nil where the command runs as it is: the tests do not run as root, or there is no such account.
    private let account: (user: uid_t, group: gid_t)?

    init(name: String) {
        self.name = name
        account = geteuid() == 0 ? ServiceUser.account(name) : nil
    }

    /// The command, run as that user.
    func wrap(_ command: [String]) -> [String] {
        guard account != nil else { return command }
        return ["setpriv", "--reuid=\(name)", "--regid=\(name)", "--init-groups", "--"] + command
    }

    /// Gives a folder to that user.
    func own(_ path: String) throws(CommandError) {
        guard let account else { return }
        guard chown(path, account.user, account.group) == 0 else {
            throw CommandError(call: "chown \(path)", errno: errno)
        }
    }

    private static func account(_ name: String) -> (user: uid_t, group: gid_t)? {
        var entry = passwd()
        var found: UnsafeMutablePointer<passwd>?
        var buffer = [CChar](repeating: 0, count: 4_096)
        guard getpwnam_r(name, &entry, &buffer, buffer.count, &found) == 0, found != nil else { return nil }
        return (entry.pw_uid, entry.pw_gid)
    }
}
