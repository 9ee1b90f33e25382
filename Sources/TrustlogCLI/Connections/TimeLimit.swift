import CommandLineTool

/// How long a one-off command waits for a broker or database before it gives up: `--timeout 10s`.
struct TimeLimit: ExpressibleByArgument {
    let duration: Duration

    init?(argument: String) {
        guard let duration = DurationText.parse(argument), duration > .zero, duration <= .seconds(86_400) else {
            return nil
        }
        self.duration = duration
    }

    private init(_ duration: Duration) {
        self.duration = duration
    }

    static var argumentExpectation: String { "a duration above 0, up to 24h: 500ms, 10s, 1m" }
    var argumentText: String { DurationText.format(duration) }

    static let option = Option<TimeLimit>(
        "timeout", valueName: "DURATION", help: "How long to wait for broker or database before giving up.",
        default: TimeLimit(.seconds(10)))
}
