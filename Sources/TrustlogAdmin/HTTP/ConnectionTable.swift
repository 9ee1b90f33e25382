import Glibc
import Synchronization

/// The open connections of a server, the longest idle first: where to make room for another one.
final class ConnectionTable: Sendable {
    private struct Entry {
        let descriptor: Int32
        /// An answer is being computed, or the connection is shut down and only not yet gone.
        var isSpared = false
    }

    private let entries = Mutex<[Entry]>([])
    /// With so many connections an idle one has to go.
    private let threshold: Int

    init(threshold: Int) {
        self.threshold = threshold
    }

    /// Shuts the longest idle connection down if the table is full; the daemon then sees its end and closes it.
    func opened(_ descriptor: Int32) {
        entries.withLock { entries in
            entries.append(Entry(descriptor: descriptor))
            guard entries.count > threshold, let index = entries.firstIndex(where: { !$0.isSpared }) else { return }
            entries[index].isSpared = true
            shutdown(entries[index].descriptor, Int32(SHUT_RDWR))
        }
    }

    /// The server owes this one an answer: it is not closed to make room.
    func spare(_ descriptor: Int32) {
        entries.withLock { entries in
            guard let index = entries.firstIndex(where: { $0.descriptor == descriptor }) else { return }
            entries[index].isSpared = true
        }
    }

    /// It is the client's turn, to read the answer or to send the next request.
    func becameIdle(_ descriptor: Int32) {
        entries.withLock { entries in
            guard let index = entries.firstIndex(where: { $0.descriptor == descriptor }) else { return }
            entries.remove(at: index)
            entries.append(Entry(descriptor: descriptor))
        }
    }

    func closed(_ descriptor: Int32) {
        entries.withLock { $0.removeAll { $0.descriptor == descriptor } }
    }
}
