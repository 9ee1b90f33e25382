/// Durations as settings and commands write them: `250ms`, `10s`, `1m`, `2h`.
package enum DurationText {
    package static func parse(_ text: String) -> Duration? {
        let units: [String: Int] = ["ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000]
        guard let (count, name) = text.numberAndUnit, let unit = units[name] else { return nil }
        let (milliseconds, isTooLong) = count.multipliedReportingOverflow(by: unit)
        return isTooLong ? nil : .milliseconds(milliseconds)
    }

    /// In the largest unit that needs no fraction.
    package static func format(_ duration: Duration) -> String {
        let (seconds, attoseconds) = duration.components
        guard attoseconds == 0 else { return "\(seconds * 1_000 + attoseconds / 1_000_000_000_000_000)ms" }
        if seconds > 0, seconds % 3_600 == 0 { return "\(seconds / 3_600)h" }
        if seconds > 0, seconds % 60 == 0 { return "\(seconds / 60)m" }
        return "\(seconds)s"
    }
}
