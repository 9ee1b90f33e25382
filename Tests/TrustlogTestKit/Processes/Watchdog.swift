import Glibc
import Synchronization

/// Ends what the tests started when this process ends, however it ends: a small shell process that reads what there is to
/// clean from a pipe, and cleans it when the pipe closes.
///
/// Parent-death signals would not do: they follow the thread that started a child, and the pool's threads come and go.
final class Watchdog: Sendable {
    enum Duty: Sendable, Hashable {
        /// Kill a whole process group.
        case group(pid_t)
        /// Stop the brokers of a folder of `kafka start`; they have left our process groups.
        case brokers(folder: String)
        case folder(String)

        var line: String {
            switch self {
            case .group(let id): "group \(id)"
            case .brokers(let folder): "brokers \(folder)"
            case .folder(let path): "folder \(path)"
            }
        }
    }

    static let shared = Watchdog()
    /// -1 if there is no watchdog.
    private let pipe: Mutex<Int32>

    private init() {
        pipe = Mutex((try? Watchdog.start()) ?? -1)
    }

    func add(_ duty: Duty) { send("+ " + duty.line) }

    func remove(_ duty: Duty) { send("- " + duty.line) }

    private func send(_ line: String) {
        let bytes = Array((line + "\n").utf8)
        pipe.withLock { descriptor in _ = write(descriptor, bytes, bytes.count) }
    }

    private static func start() throws(CommandError) -> Int32 {
        var ends: [Int32] = [-1, -1]
        guard Glibc.pipe(&ends) == 0 else { throw CommandError(call: "pipe", errno: errno) }
        // A child that held the writing end would keep the watchdog from noticing the end of this process.
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        let null = open("/dev/null", O_RDWR | O_CLOEXEC)
        defer {
            close(ends[0])
            close(null)
        }
        _ = try SpawnedProcess.start(
            ["sh", "-c", script], environment: SpawnedProcess.environment(changes: [:]),
            descriptors: [ends[0], null, null])
        return ends[1]
    }

    /// Duties are kept as lines; the last ones are cleaned first, so folders go after the processes that use them.
    private static let script = #"""
        trap '' INT TERM HUP
        duties=''
        while IFS= read -r line; do
          duty=${line#? }
          case $line in
            +*) duties="$duty
        $duties" ;;
            -*) duties=$(printf '%s\n' "$duties" | grep -vxF -- "$duty") ;;
          esac
        done
        for kind in group brokers folder; do
          printf '%s\n' "$duties" | while read -r what target; do
            [ "$what" = "$kind" ] || continue
            case $what in
              group) kill -KILL -- "-$target" ;;
              brokers) for file in "$target"/node*/pid; do [ -s "$file" ] && kill -KILL "$(cat "$file")"; done ;;
              folder) rm -rf -- "$target" || { sleep 0.2; rm -rf -- "$target"; } ;;
            esac
          done
        done
        """#
}
