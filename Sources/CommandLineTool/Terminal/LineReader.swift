import Glibc

/// Reads lines of a file or of standard input, as bytes, with bounded memory.
package struct LineReader: ~Copyable {
    package enum Failure: Error, Sendable, Equatable {
        /// `errno` of the read that failed.
        case system(Int32)
        /// A line, counted from 1, that is longer than the limit.
        case tooLong(line: Int)
    }

    private let descriptor: Int32
    private let maximumLength: Int
    private var buffer: [UInt8] = []
    private var start = 0
    private var isAtEnd = false
    /// Of the line read last, counted from 1.
    package private(set) var lineNumber = 0

    /// The descriptor stays the caller's.
    /// - Parameter maximumLength: Of a line without its end, in bytes.
    package init(descriptor: Int32, maximumLength: Int) {
        self.descriptor = descriptor
        self.maximumLength = maximumLength
    }

    /// The next line without its `\n` or `\r\n`; `nil` at the end. The last line needs no end. Blocks.
    package mutating func next() throws(Failure) -> ArraySlice<UInt8>? {
        var searched = start
        while true {
            if let end = buffer[searched...].firstIndex(of: UInt8(ascii: "\n")) {
                defer { start = end + 1 }
                return try line(upTo: end)
            }
            if isAtEnd {
                defer { start = buffer.count }
                return start < buffer.count ? try line(upTo: buffer.count) : nil
            }
            // One more for a carriage return.
            guard buffer.count - start <= maximumLength + 1 else { throw .tooLong(line: lineNumber + 1) }
            buffer.removeFirst(start)
            start = 0
            searched = buffer.count
            try fill()
        }
    }

    private mutating func line(upTo end: Int) throws(Failure) -> ArraySlice<UInt8> {
        lineNumber += 1
        var line = buffer[start..<end]
        if line.last == UInt8(ascii: "\r") { line.removeLast() }
        guard line.count <= maximumLength else { throw .tooLong(line: lineNumber) }
        return line
    }

    private mutating func fill() throws(Failure) {
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = read(descriptor, &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw .system(errno) }
            isAtEnd = count == 0
            buffer += chunk[..<count]
            return
        }
    }
}
