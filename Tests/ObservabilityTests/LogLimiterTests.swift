import Observability
import Synchronization
import Testing

@Suite("Limiting repeated messages")
struct LogLimiterTests {
    private let output = CapturedLog()
    private let clock = ManualClock()

    private func limiter(level: Logger.Level = .info, maximumKeys: Int = 1_024) -> LogLimiter {
        LogLimiter(
            logger: Logger(label: "x", level: level, handler: JSONLogHandler(output: output)),
            maximumKeys: maximumKeys, clock: clock)
    }

    @Test("a repeated message appears once an interval and then says how many were left out")
    func oncePerInterval() {
        let limiter = limiter()
        for _ in 0..<5 { limiter.log(level: .warning, key: "broker", "away") }
        #expect(output.lines.count == 1)
        #expect(!output.text.contains("suppressed"))
        clock.advance(by: .seconds(59))
        limiter.log(level: .warning, key: "broker", "away")
        #expect(output.lines.count == 1)
        clock.advance(by: .seconds(1))
        limiter.log(level: .warning, key: "broker", "away")
        #expect(output.lines.count == 2)
        #expect(output.text.contains(#""suppressed":"5""#))
    }

    @Test("a condition that is over is told once, and only if it was told before")
    func recovered() {
        let limiter = limiter()
        limiter.recovered(key: "broker", "back")
        #expect(output.lines.isEmpty)
        limiter.log(level: .warning, key: "broker", "away")
        limiter.recovered(key: "broker", "back")
        limiter.recovered(key: "broker", "back")
        #expect(output.lines.count == 2)
        limiter.log(level: .warning, key: "broker", "away")
        #expect(output.lines.count == 3)
    }

    @Test("keys are limited apart")
    func keysApart() {
        let limiter = limiter()
        limiter.log(level: .warning, key: "a", "m")
        limiter.log(level: .warning, key: "b", "m")
        #expect(output.lines.count == 2)
    }

    @Test("after a reset the next message appears at once")
    func reset() {
        let limiter = limiter()
        limiter.log(level: .warning, key: "a", "m")
        limiter.reset(key: "a")
        limiter.log(level: .warning, key: "a", "m")
        #expect(output.lines.count == 2)
    }

    @Test("the key logged longest ago makes room for a new one")
    func boundedKeys() {
        let limiter = limiter(maximumKeys: 2)
        for key in ["a", "b", "c"] {
            limiter.log(level: .warning, key: key, "m")
            clock.advance(by: .seconds(1))
        }
        limiter.log(level: .warning, key: "c", "still limited")
        limiter.log(level: .warning, key: "a", "forgotten, so logged")
        #expect(output.lines.count == 4)
    }

    @Test("a message below the level of the logger uses up no turn")
    func belowLevel() {
        let limiter = limiter(level: .error)
        limiter.log(level: .warning, key: "a", "m")
        limiter.log(level: .error, key: "a", "m")
        #expect(output.lines.count == 1)
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
