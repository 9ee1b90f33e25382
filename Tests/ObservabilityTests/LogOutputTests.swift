import Dispatch
import Glibc
import Observability
import Testing

@Suite("Lines on a descriptor")
struct LogOutputTests {
    @Test("lines of several threads stay whole, also longer than a pipe takes at once")
    func linesStayWhole() throws {
        var ends: [Int32] = [0, 0]
        try #require(pipe(&ends) == 0)
        let (reader, writer) = (ends[0], ends[1])
        defer { close(reader) }
        let output = DescriptorLogOutput(descriptor: writer)
        let length = 100_000
        DispatchQueue.global().async {
            DispatchQueue.concurrentPerform(iterations: 8) { index in
                let digit = String(index)
                for _ in 0..<4 { output.write(line: String(repeating: digit, count: length) + "\n") }
            }
            close(writer)
        }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while case let count = read(reader, &chunk, chunk.count), count > 0 { bytes += chunk[..<count] }
        let lines = bytes.split(separator: UInt8(ascii: "\n"))
        #expect(lines.count == 32)
        #expect(lines.allSatisfy { $0.count == length && Set($0).count == 1 })
    }

    @Test("a reader that is gone ends nothing")
    func readerGone() throws {
        signal(SIGPIPE, SIG_IGN)
        var ends: [Int32] = [0, 0]
        try #require(pipe(&ends) == 0)
        close(ends[0])
        DescriptorLogOutput(descriptor: ends[1]).write(line: "lost\n")
        #expect(close(ends[1]) == 0)
    }
}
