import CommandLineTool
import Dispatch
import Glibc
import Testing

@Suite("Reading lines")
struct LineReaderTests {
    @Test(
        "lines end at a newline, with or without a carriage return; the last needs none",
        arguments: [
            ("", []), ("a", ["a"]), ("a\n", ["a"]), ("a\r\nb", ["a", "b"]), ("\n\na\n", ["", "", "a"]),
            ("a\rb\n", ["a\rb"]),
        ] as [(String, [String])])
    func lines(text: String, expected: [String]) throws {
        #expect(try read(text, limit: 10) == expected)
    }

    @Test("lines longer than a read are whole, in order, and memory is bounded by the limit")
    func longLines() throws {
        let lines = (0..<50).map { String(repeating: String($0 % 10), count: $0 * 5_000) }
        #expect(try read(lines.joined(separator: "\n"), limit: 250_000) == lines)
    }

    @Test(
        "a line over the limit is told by its number",
        arguments: ["ok\n12345678901\nx\n", "ok\n12345678901", "ok\n12345678901\r\n"])
    func tooLong(text: String) {
        #expect(throws: LineReader.Failure.tooLong(line: 2)) { try read(text, limit: 10) }
    }

    @Test("a line without an end is refused before it is all read")
    func endless() {
        #expect(throws: LineReader.Failure.tooLong(line: 1)) {
            try read(String(repeating: "x", count: 1_000_000), limit: 10)
        }
    }

    @Test("what cannot be read is told")
    func unreadable() {
        var reader = LineReader(descriptor: -1, maximumLength: 10)
        #expect(throws: LineReader.Failure.system(EBADF)) { try reader.next() }
    }

    private func read(_ text: String, limit: Int) throws -> [String] {
        signal(SIGPIPE, SIG_IGN)
        var ends: [Int32] = [0, 0]
        try #require(pipe(&ends) == 0)
        let (input, output) = (ends[0], ends[1])
        defer { close(input) }
        DispatchQueue.global().async {
            DescriptorStream(descriptor: output).write(text)
            close(output)
        }
        var reader = LineReader(descriptor: input, maximumLength: limit)
        var lines: [String] = []
        while let line = try reader.next() { lines.append(String(decoding: line, as: UTF8.self)) }
        #expect(reader.lineNumber == lines.count)
        return lines
    }
}
