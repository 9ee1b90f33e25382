import Synchronization

/// How far something long has come: share, count, rate and time left, in one line on standard error.
///
/// Only on a terminal; elsewhere it writes nothing. Redrawn at most ten times a second, however often it is updated.
package final class ProgressBar: Sendable {
    private struct State {
        var completed = 0
        var drawnCompleted = 0
        var drawnAt: Duration?
        /// Per second, smoothed, so that the time left does not jump.
        var rate: Double?
        var isFinished = false

        mutating func measure(elapsed: Double) {
            guard elapsed > 0 else { return }
            let current = Double(max(0, completed - drawnCompleted)) / elapsed
            rate = rate.map { 0.8 * $0 + 0.2 * current } ?? current
            drawnCompleted = completed
        }

        /// The end tells the rate of the whole.
        mutating func average(since elapsed: Double) {
            rate = elapsed > 0 ? Double(completed) / elapsed : nil
        }
    }

    private let terminal: Terminal
    private let label: String
    private let total: Int?
    private let now: @Sendable () -> Duration
    private let state = Mutex(State())

    /// - Parameter total: `nil` if nobody knows: then only count and rate are shown.
    package init<C: Clock<Duration>>(
        _ label: String, total: Int?, terminal: Terminal, clock: C = ContinuousClock()
    ) {
        let start = clock.now
        self.label = label
        self.total = total
        self.terminal = terminal
        self.now = { start.duration(to: clock.now) }
    }

    package func update(completed: Int) {
        guard terminal.error.isTerminal else { return }
        draw(completed: completed, isLast: false)
    }

    /// Draws the end and leaves the line.
    package func finish() {
        guard terminal.error.isTerminal else { return }
        draw(completed: nil, isLast: true)
    }

    private func draw(completed: Int?, isLast: Bool) {
        let now = self.now()
        state.withLock { state in
            guard !state.isFinished else { return }
            state.completed = completed ?? state.completed
            let elapsed = now - (state.drawnAt ?? .zero)
            guard isLast || state.drawnAt == nil || elapsed >= .milliseconds(100) else { return }
            if isLast {
                state.average(since: now / .seconds(1))
            } else {
                state.measure(elapsed: elapsed / .seconds(1))
            }
            state.drawnAt = now
            state.isFinished = isLast
            terminal.error.write("\r" + line(state) + "\u{1B}[K" + (isLast ? "\n" : ""))
        }
    }

    private func line(_ state: State) -> String {
        var parts = [label]
        if let total, total > 0 {
            let share = min(1, Double(state.completed) / Double(total))
            let filled = Int(share * 20)
            parts.append("[" + String(repeating: "#", count: filled) + String(repeating: ".", count: 20 - filled) + "]")
            parts.append("\(Int(share * 100))%")
        }
        parts.append(total.map { "\(grouped(state.completed))/\(grouped($0))" } ?? grouped(state.completed))
        if let rate = state.rate {
            parts.append("\(grouped(Int(rate)))/s")
            if let total, rate > 0, !state.isFinished, total > state.completed {
                parts.append("ETA " + clockText(seconds: Double(total - state.completed) / rate))
            }
        }
        return String(parts.joined(separator: "  ").prefix(max(10, terminal.error.width - 1)))
    }
}

/// Digits in groups of three: `12,345`.
package func grouped(_ number: Int) -> String {
    let digits = String(number.magnitude)
    var result = ""
    for (index, digit) in digits.enumerated() {
        if index > 0, (digits.count - index) % 3 == 0 { result += "," }
        result.append(digit)
    }
    return number < 0 ? "-" + result : result
}

/// A number with what it counts: `1 record`, `2,000 records`.
package func counted(_ number: Int, _ noun: String) -> String {
    "\(grouped(number)) \(noun)\(number == 1 ? "" : "s")"
}

/// `m:ss`, or `h:mm:ss`.
func clockText(seconds: Double) -> String {
    let total = Int(min(max(seconds, 0), 359_999))
    let pad = { (value: Int) in value < 10 ? "0\(value)" : "\(value)" }
    let (hours, minutes) = (total / 3_600, total / 60 % 60)
    return hours > 0 ? "\(hours):\(pad(minutes)):\(pad(total % 60))" : "\(minutes):\(pad(total % 60))"
}
