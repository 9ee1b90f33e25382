import CommandLineTool
import Glibc
import Synchronization
import Testing

@Suite("Terminal")
struct TerminalTests {
    @Test("colour is used on a terminal, unless NO_COLOR or a dumb one")
    func colour() {
        let tty = CapturedStream(isTerminal: true)
        let pipe = CapturedStream()
        let plain = Terminal(output: tty, error: pipe)
        #expect(plain.styled("x", .red, on: tty) == "\u{1B}[31mx\u{1B}[0m")
        #expect(plain.styled("x", .red, on: pipe) == "x")
        for environment in [["NO_COLOR": "1"], ["TERM": "dumb"]] {
            #expect(Terminal(output: tty, error: tty, environment: environment).styled("x", .red, on: tty) == "x")
        }
    }

    @Test("a reader that goes away is no fault; a full disk is one, exit 1")
    func failedWrites() async throws {
        signal(SIGPIPE, SIG_IGN)
        var ends: [Int32] = [0, 0]
        try #require(pipe(&ends) == 0)
        close(ends[0])
        let error = CapturedStream()
        let gone = DescriptorStream(descriptor: ends[1])
        #expect(await Sample.root.main(["--version"], terminal: Terminal(output: gone, error: error)) == .success)
        #expect(gone.failure == EPIPE)
        #expect(error.text.isEmpty)
        close(ends[1])

        let full = open("/dev/full", O_WRONLY)
        defer { close(full) }
        let stream = DescriptorStream(descriptor: full)
        #expect(await Sample.root.main(["--version"], terminal: Terminal(output: stream, error: error)) == .failure)
        #expect(error.text.hasPrefix("error: cannot write to standard output: No space left on device"))
    }

    @Test("the progress bar shows share, rate and time left, on a terminal only")
    func progressBar() {
        let clock = ManualClock()
        let error = CapturedStream(isTerminal: true)
        let bar = ProgressBar(
            "replay", total: 10_000, terminal: Terminal(output: CapturedStream(), error: error), clock: clock)
        clock.advance(by: .seconds(1))
        bar.update(completed: 2_500)
        #expect(error.text == "\rreplay  [#####...............]  25%  2,500/10,000  2,500/s  ETA 0:03\u{1B}[K")
        bar.update(completed: 2_600)
        #expect(!error.text.contains("2,600"), "drawn again too soon")
        clock.advance(by: .seconds(3))
        bar.update(completed: 10_000)
        bar.finish()
        bar.finish()
        #expect(error.text.hasSuffix("100%  10,000/10,000  2,500/s\u{1B}[K\n"))

        let pipe = CapturedStream()
        let silent = ProgressBar("x", total: 1, terminal: Terminal(output: pipe, error: pipe), clock: clock)
        silent.update(completed: 1)
        silent.finish()
        #expect(pipe.text.isEmpty)
    }

    @Test("columns are aligned by what they take on the screen")
    func table() {
        let table = Table(
            columns: [.init("KEY"), .init("LAG", alignment: .right), .init("OWNER")],
            rows: [["publish-0", "5", "pod-1"], ["数据", "12345", ""], ["e\u{301}", "1"]])
        #expect(
            table.render() == """
                KEY          LAG  OWNER
                publish-0      5  pod-1
                数据       12345
                e\u{301}              1

                """)
    }

    @Test("a cell cannot drive the terminal or break the row, and gives way where there is no room")
    func tableCells() {
        let table = Table(
            columns: [.init("ID"), .init("ERROR", isShortened: true)],
            rows: [["a\u{1B}[2J", "no\nroom for all of this text"]])
        #expect(table.render() == "ID          ERROR\na\\u{1b}[2J  no\\nroom for all of this text\n")
        #expect(table.render(width: 26) == "ID          ERROR\na\\u{1b}[2J  no\\nroom for …\n")
    }

    @Test("a listing is one array, one object a line, or a table, however many pages it has")
    func listing() {
        let pages: [[ListingWriter.Row]] = [
            [
                .init(json: ["key": "a", "lag": nil], cells: ["a", "-"]),
                .init(json: ["key": "b", "lag": 1], cells: ["b", "1"]),
            ],
            [.init(json: ["key": "c", "lag": 2], cells: ["c", "2"])],
        ]
        #expect(write(pages, .text) == "KEY  LAG\na    -\nb    1\nc    2\n")
        #expect(
            write(pages, .jsonl)
                == "{\"key\":\"a\",\"lag\":null}\n{\"key\":\"b\",\"lag\":1}\n{\"key\":\"c\",\"lag\":2}\n")
        let json = try? JSONValue(json: write(pages, .json))
        #expect(json == .array(pages.flatMap { $0 }.map(\.json)))
        #expect(write([], .text) == "nothing here\n")
        #expect(write([], .json) == "[]\n")
        #expect(write([], .jsonl).isEmpty)
    }

    private func write(_ pages: [[ListingWriter.Row]], _ format: OutputFormat) -> String {
        let output = CapturedStream()
        var writer = ListingWriter(
            format, columns: [.init("KEY"), .init("LAG")], terminal: Terminal(output: output, error: CapturedStream()))
        for page in pages { writer.append(page) }
        writer.finish(emptyText: "nothing here")
        return output.text
    }
}

/// A clock that stands still until it is told.
final class ManualClock: Clock {
    struct Instant: InstantProtocol {
        var offset: Duration

        func advanced(by duration: Duration) -> Instant { Instant(offset: offset + duration) }
        func duration(to other: Instant) -> Duration { other.offset - offset }
        static func < (left: Instant, right: Instant) -> Bool { left.offset < right.offset }
    }

    private let offset = Mutex(Duration.zero)

    var now: Instant { Instant(offset: offset.withLock { $0 }) }
    var minimumResolution: Duration { .nanoseconds(1) }

    func advance(by duration: Duration) {
        offset.withLock { $0 += duration }
    }

    func sleep(until deadline: Instant, tolerance: Duration?) async throws {
        throw CancellationError()
    }
}
