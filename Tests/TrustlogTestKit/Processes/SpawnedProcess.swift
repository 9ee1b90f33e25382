import CSystem
import Glibc

/// The thin layer over `posix_spawn`.
enum SpawnedProcess {
    /// Starts a program in a process group of its own, with no signal blocked or ignored.
    /// - Parameters:
    ///   - descriptors: what the child's descriptors 0, 1 and 2 are; it has no others.
    static func start(
        _ arguments: [String], environment: [String: String], descriptors: [Int32]
    ) throws(CommandError) -> pid_t {
        guard let program = arguments.first else { throw CommandError("no program named") }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for (target, descriptor) in descriptors.enumerated() {
            posix_spawn_file_actions_adddup2(&actions, descriptor, Int32(target))
        }
        // librdkafka's sockets are not close-on-exec: in a child they would keep connections open that this process closes.
        posix_spawn_file_actions_addclosefrom_np(&actions, Int32(descriptors.count))
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        sigfillset(&signals)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        posix_spawnattr_setpgroup(&attributes, 0)
        posix_spawnattr_setflags(
            &attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))

        let argumentPointers = arguments.map { strdup($0) } + [nil]
        let environmentPointers = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for pointer in argumentPointers + environmentPointers { free(pointer) } }
        var pid = pid_t()
        let code = posix_spawnp(&pid, program, &actions, &attributes, argumentPointers, environmentPointers)
        guard code == 0 else { throw CommandError("\(program) cannot be started: \(String(cString: strerror(code)))") }
        return pid
    }

    /// This process's environment with `changes`; a nil value removes the variable.
    static func environment(changes: [String: String?]) -> [String: String] {
        var result: [String: String] = [:]
        var entry = environ
        while let text = entry.pointee {
            let pair = String(cString: text).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if pair.count == 2 { result[String(pair[0])] = String(pair[1]) }
            entry += 1
        }
        for (name, value) in changes { result[name] = value }
        return result
    }
}

/// A variable of this process's environment; nil if it is not set or empty.
package func environmentVariable(_ name: String) -> String? {
    guard let value = getenv(name), value.pointee != 0 else { return nil }
    return String(cString: value)
}
