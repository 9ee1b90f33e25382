import Observability
import Synchronization
import Testing

@Suite("Log lines")
struct LogHandlerTests {
    private let output = CapturedLog()
    private let now: @Sendable () -> LogTime = { LogTime(microseconds: 1_772_366_400_000_042) }

    @Test("a JSON line has the four fixed members, then the metadata by name")
    func jsonLine() {
        let logger = Logger(label: "ingest", level: .info, handler: JSONLogHandler(output: output, now: now))
        logger.warning("late", metadata: ["topic": "operations", "partition": "3"])
        #expect(
            output.text
                == #"{"time":"2026-03-01T12:00:00.000042Z","level":"warning","logger":"ingest","message":"late","#
                + #""partition":"3","topic":"operations"}"# + "\n")
    }

    @Test("a JSON line escapes what would end the string, the line, or drive a terminal")
    func jsonEscapes() {
        let logger = Logger(label: "x", level: .info, handler: JSONLogHandler(output: output, now: now))
        logger.info("\"\\\n\r\t\u{0}\u{1B}[31m\u{9B}ü€😀")
        #expect(output.text.hasSuffix(#""message":"\"\\\n\r\t\u0000\u001b[31m\u009bü€😀"}"# + "\n"))
        #expect(output.text.split(separator: "\n").count == 1)
    }

    @Test("metadata named like a fixed member does not write that member twice")
    func jsonReservedNames() {
        let logger = Logger(label: "x", level: .info, handler: JSONLogHandler(output: output, now: now))
        logger.info("m", metadata: ["level": "forged"])
        #expect(output.text.contains(#""metadata.level":"forged""#))
        #expect(output.text.contains(#""level":"info""#))
    }

    @Test("a text line aligns levels and quotes values only where needed")
    func textLine() {
        let logger = Logger(label: "ingest", level: .info, handler: TextLogHandler(output: output, now: now))
        logger.info("started", metadata: ["a": "plain", "b": "two words", "c": "", "d": "say \"x\""])
        #expect(
            output.text
                == #"2026-03-01T12:00:00.000042Z INFO     ingest: started a=plain b="two words" c="" d="say \"x\"""#
                + "\n")
    }

    @Test("a text line cannot be forged by what a message carries")
    func textEscapes() {
        let logger = Logger(label: "x", level: .info, handler: TextLogHandler(output: output, now: now))
        logger.error("a\n2026 INFO x: forged \u{1B}[2J\u{202E}", metadata: ["k": "v\r\n"])
        #expect(output.text.filter { $0 == "\n" }.count == 1)
        #expect(output.text.contains(#"a\n2026 INFO x: forged \u{1b}[2J\u{202e} k=v\r\n"#))
    }

    @Test("colour is written only if asked for")
    func colour() {
        Logger(label: "x", level: .info, handler: TextLogHandler(output: output, now: now)).error("m")
        #expect(!output.text.contains("\u{1B}"))
        Logger(label: "x", level: .info, handler: TextLogHandler(output: output, isColoured: true, now: now)).error("m")
        #expect(output.text.contains("\u{1B}[31mERROR\u{1B}[0m"))
    }

    @Test("a message below the level is not written", arguments: Logger.Level.allCases)
    func levels(level: Logger.Level) {
        let logger = Logger(label: "x", level: level, handler: JSONLogHandler(output: output, now: now))
        for each in Logger.Level.allCases { logger.log(level: each, "m") }
        #expect(output.lines.count == Logger.Level.allCases.filter { $0 >= level }.count)
    }

    @Test(
        "times are written in UTC with six digits",
        arguments: [
            (0, "1970-01-01T00:00:00.000000Z"), (951_782_399_999_999, "2000-02-28T23:59:59.999999Z"),
            (951_782_400_000_000, "2000-02-29T00:00:00.000000Z"),
            (4_107_542_399_000_001, "2100-02-28T23:59:59.000001Z"),
            (4_107_542_400_000_000, "2100-03-01T00:00:00.000000Z"), (-1, "1969-12-31T23:59:59.999999Z"),
            (253_402_300_799_999_999, "9999-12-31T23:59:59.999999Z"),
        ] as [(Int64, String)])
    func times(microseconds: Int64, text: String) {
        #expect(LogTime(microseconds: microseconds).description == text)
    }
}

/// Keeps the lines that a handler writes.
final class CapturedLog: LogOutput {
    private let written = Mutex<[String]>([])

    func write(line: String) {
        written.withLock { $0.append(line) }
    }

    var lines: [String] { written.withLock { $0 } }
    var text: String { lines.joined() }
}
