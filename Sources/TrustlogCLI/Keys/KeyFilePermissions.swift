package import Glibc

/// Who may read a private key file (contract, section 3).
package struct KeyFilePermissions: Sendable {
    package var mode: mode_t
    package var owner: uid_t
    package var group: gid_t
    /// Of the process that reads it: the effective user, and the effective and supplementary groups.
    package var user: uid_t
    package var groups: Set<gid_t>

    package init(mode: mode_t, owner: uid_t, group: gid_t, user: uid_t, groups: Set<gid_t>) {
        self.mode = mode
        self.owner = owner
        self.group = group
        self.user = user
        self.groups = groups
    }

    init(_ status: stat) {
        var groups = [gid_t](repeating: 0, count: max(0, Int(getgroups(0, nil))))
        let count = getgroups(Int32(groups.count), &groups)
        self.init(
            mode: status.st_mode, owner: status.st_uid, group: status.st_gid, user: geteuid(),
            groups: Set(groups.prefix(max(0, Int(count)))).union([getegid()]))
    }

    /// Nobody but the owner can read it; or its owner is root and the process, itself not root, reads it by its group, as
    /// Kubernetes hands out a secret with `defaultMode: 0440` and `fsGroup`.
    package var isPrivate: Bool {
        if mode & S_IROTH != 0 { return false }
        if mode & S_IRGRP == 0 { return true }
        return owner == 0 && user != 0 && groups.contains(group)
    }
}
