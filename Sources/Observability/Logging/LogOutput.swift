import Glibc
import Synchronization

/// Where finished lines go: a file descriptor, or a buffer in tests.
package protocol LogOutput: Sendable {
    /// Takes one whole line, its newline included. Never throws: a log that cannot be written is lost.
    func write(line: String)
}

/// Writes each line with one `write(2)` under a lock, so that lines of several threads never mix.
///
/// It goes past `stderr` and `print`, which buffer and are not safe to share. The descriptor stays the caller's.
package final class DescriptorLogOutput: LogOutput {
    private let descriptor: Int32
    private let turn = Mutex<Void>(())

    package init(descriptor: Int32 = STDERR_FILENO) {
        self.descriptor = descriptor
    }

    package func write(line: String) {
        var line = line
        turn.withLock { _ in
            line.withUTF8 { bytes in
                var rest = UnsafeRawBufferPointer(bytes)
                while !rest.isEmpty {
                    let written = Glibc.write(descriptor, rest.baseAddress, rest.count)
                    if written > 0 {
                        rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(written))
                    } else if errno == EAGAIN {
                        guard waitUntilWritable() else { return }
                    } else if errno != EINTR {
                        return
                    }
                }
            }
        }
    }

    /// A descriptor that somebody else made non-blocking (a terminal shared with another program). Bounded: a reader that
    /// stands still must not stop the program for the sake of its log.
    private func waitUntilWritable() -> Bool {
        var poller = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        return poll(&poller, 1, 1_000) > 0
    }
}
