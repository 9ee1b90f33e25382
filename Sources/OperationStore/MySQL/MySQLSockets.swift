import Glibc
import Synchronization

/// The sockets of a worker's connections, so that another thread can end a call that waits for the server.
///
/// Each is held by a descriptor of its own: the client library closes its descriptor whenever it likes, and the number may
/// mean something else by then.
final class MySQLSockets: Sendable {
    private let descriptors = Mutex<Set<Int32>>([])

    /// - Returns: what ``release(_:)`` takes back; -1 where the process has no descriptor left.
    func adopt(_ descriptor: Int32) -> Int32 {
        let own = fcntl(descriptor, F_DUPFD_CLOEXEC, 0)
        if own >= 0 { descriptors.withLock { _ = $0.insert(own) } }
        return own
    }

    func release(_ own: Int32) {
        descriptors.withLock { descriptors in
            if descriptors.remove(own) != nil { close(own) }
        }
    }

    /// Makes every call that reads or writes fail at once, as if the server had gone away.
    func shutDown() {
        descriptors.withLock { descriptors in
            for descriptor in descriptors { shutdown(descriptor, Int32(SHUT_RDWR)) }
        }
    }
}
