import Glibc
import Testing
import TrustlogTestKit

/// The runtime stage of deploy/Dockerfile without a container engine: a minimal Debian with exactly the packages that it
/// names, made by debootstrap and kept in `.cache`. Commands run in it as the image's user, on a read-only root.
struct RuntimeRoot: Sendable {
    let path: String
    let packages: [String]

    /// The user of the image.
    static let user = "65532:65532"
    /// Where the folder that a test hands over appears.
    static let files = "/mnt"

    /// Needs root for chroot and mounts. A build server has it.
    static let requirement = Requirement("a Debian by debootstrap") {
        if geteuid() != 0 { return "not root: mounts and chroot need it" }
        if FileTree.program("debootstrap") == nil { return "no debootstrap: run `make setup-test`" }
        return FileTree.program("unshare") == nil ? "no unshare: run `make setup-test`" : nil
    }

    static func shared() async throws -> RuntimeRoot {
        try await sharedRoot.value
    }

    private static let sharedRoot = Task { try await make() }

    private static func make() async throws -> RuntimeRoot {
        let (suite, packages) = try runtimeStage()
        let cache = "\(Checkout.root)/.cache"
        let folder = "\(cache)/runtime-\(suite)-\(hash(packages))"
        if !FileTree.exists(folder) {
            try FileTree.makeFolder(cache)
            // Built aside and renamed, so that what is there is complete.
            let unfinished = "\(cache)/unfinished-\(getpid())"
            let mirror = await debianMirror()
            do {
                try await Command.check(
                    [
                        "debootstrap", "--variant=minbase", "--include=\(packages.joined(separator: ","))", suite,
                        unfinished, mirror,
                    ], timeout: .seconds(480))
                // What a container engine would put there.
                try FileTree.write("127.0.0.1 localhost\n", to: "\(unfinished)/etc/hosts")
                try FileTree.write("", to: "\(unfinished)/usr/bin/trustlog", mode: 0o755)
            } catch {
                FileTree.remove(unfinished)
                throw error
            }
            guard rename(unfinished, folder) == 0 else { throw CommandError("\(folder) cannot be made") }
        }
        return RuntimeRoot(path: folder, packages: packages)
    }

    /// `TRUSTLOG_DEBIAN_MIRROR`, or the one that this machine's packages come from.
    private static func debianMirror() async -> String {
        if let mirror = environmentVariable("TRUSTLOG_DEBIAN_MIRROR") { return mirror }
        let targets = try? await Command.run([
            "apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages", "Origin: Debian",
            "Label: Debian",
        ])
        return targets?.lines.first.map(String.init) ?? "http://deb.debian.org/debian"
    }

    /// Whether a process may have mounts of its own: in some containers not even root's.
    static func mayMount() async -> Bool {
        let tried = try? await Command.run(["unshare", "--mount", "mount", "-t", "tmpfs", "tmpfs", "/mnt"])
        return tried?.status == .exited(0)
    }

    /// The release and the packages that the Dockerfile's last stage installs.
    static func runtimeStage() throws -> (suite: String, packages: [String]) {
        let text = try FileTree.text("\(Checkout.root)/deploy/Dockerfile")
        let lines = text.split(separator: "\n").map { $0.drop { $0 == " " } }
        guard let stage = lines.firstIndex(where: { $0.hasPrefix("FROM debian:") && $0.hasSuffix("-slim AS runtime") }),
            let install = lines[stage...].firstIndex(where: { $0.contains("apt-get install") }),
            let end = lines[(install + 1)...].firstIndex(where: { $0.hasPrefix("&&") })
        else {
            throw CommandError("deploy/Dockerfile: no stage `FROM debian:…-slim AS runtime` that installs packages")
        }
        let suite = lines[stage].dropFirst("FROM debian:".count).prefix { $0 != "-" }
        let packages = lines[(install + 1)..<end].map { String($0.prefix { $0 != " " }) }
        return (String(suite), packages)
    }

    /// A command in the root. `exec`uted all the way: a signal reaches the program itself.
    /// - Parameter folder: appears, read-only, at ``files``.
    func command(_ arguments: [String], folder: String = "/var/empty") -> [String] {
        let script = """
            set -e
            root=$1 binary=$2 folder=$3
            shift 3
            mount --bind "$root" "$root"
            mount --bind "$binary" "$root/usr/bin/trustlog"
            mount --bind "$folder" "$root\(Self.files)"
            for part in "" /usr/bin/trustlog \(Self.files); do mount -o remount,bind,ro "$root$part"; done
            mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
            mount -t proc proc "$root/proc"
            exec chroot --userspec=\(Self.user) "$root" env -i PATH=/usr/bin:/bin HOME=/nonexistent "$@"
            """
        return ["unshare", "--mount", "sh", "-c", script, "sh", path, TrustlogBinary.path, folder] + arguments
    }

    func run(
        _ arguments: [String], folder: String? = nil, timeout: Duration = .seconds(60)
    ) async throws -> CommandResult {
        let empty = try TemporaryFolder("tle")
        return try await Command.run(command(arguments, folder: folder ?? empty.path), timeout: timeout)
    }

    /// FNV-1a, to name the cache.
    private static func hash(_ packages: [String]) -> String {
        let bytes = packages.joined(separator: " ").utf8
        return String(bytes.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }, radix: 16)
    }
}

extension Trait where Self == ConditionTrait {
    /// Skips the test, saying so, where the kernel lets nobody mount.
    static var mountsAllowed: Self {
        .enabled("root may mount here, which some containers forbid") { await RuntimeRoot.mayMount() }
    }
}
