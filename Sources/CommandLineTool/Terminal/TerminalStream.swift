import Glibc
import Synchronization

/// Standard output or standard error, or what takes their place in tests.
package protocol TerminalStream: Sendable {
    /// Writes all of the text, at once. A failure is kept in ``failure``; after one, nothing more is written.
    func write(_ text: String)

    /// `errno` of the first write that failed. `EPIPE`: the reader went away, which is no fault (`| head`).
    var failure: Int32? { get }

    var isTerminal: Bool { get }

    /// Columns; 80 where nothing tells.
    var width: Int { get }
}

/// Writes straight to a descriptor: `print` buffers on pipes, and the C streams are not safe to share.
package final class DescriptorStream: TerminalStream {
    private let descriptor: Int32
    private let firstFailure = Mutex<Int32?>(nil)
    package let isTerminal: Bool

    /// The descriptor stays the caller's.
    package init(descriptor: Int32) {
        self.descriptor = descriptor
        self.isTerminal = isatty(descriptor) == 1
    }

    package var failure: Int32? { firstFailure.withLock { $0 } }

    package var width: Int {
        var size = winsize()
        guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
        return Int(size.ws_col)
    }

    package func write(_ text: String) {
        var text = text
        firstFailure.withLock { failure in
            guard failure == nil else { return }
            failure = text.withUTF8 { writeAll(UnsafeRawBufferPointer($0)) }
        }
    }

    /// `nil`, or the `errno` that ended it.
    private func writeAll(_ bytes: UnsafeRawBufferPointer) -> Int32? {
        var rest = bytes
        while !rest.isEmpty {
            let written = Glibc.write(descriptor, rest.baseAddress, rest.count)
            if written >= 0 {
                rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(written))
            } else if errno == EAGAIN {
                var poller = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                poll(&poller, 1, -1)
            } else if errno != EINTR {
                return errno
            }
        }
        return nil
    }
}

/// Keeps what is written, for tests of commands.
package final class CapturedStream: TerminalStream {
    private let written = Mutex("")
    package let isTerminal: Bool
    package let width: Int

    package init(isTerminal: Bool = false, width: Int = 80) {
        self.isTerminal = isTerminal
        self.width = width
    }

    package var failure: Int32? { nil }
    package var text: String { written.withLock { $0 } }

    package func write(_ text: String) {
        written.withLock { $0 += text }
    }
}
