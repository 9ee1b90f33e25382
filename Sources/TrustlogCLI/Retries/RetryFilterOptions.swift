import CommandLineTool
import OperationStore

/// Which rows of `trustlog_retry` a command means: op ids and filters, which add up.
enum RetryFilterOptions {
    static let dead = Flag("dead", help: "Only dead letters: what no retry is due for any more.")
    static let error = Option<String?>(
        "error", valueName: "TEXT", help: "Only rows whose last error contains this text.")
    static let olderThan = Option<AgeArgument?>(
        "older-than", valueName: "DURATION", help: "Only rows that first failed longer ago than this: 1h, 30m.")
    static let all = Flag("all", help: "Every row.")
    static let opIds = Argument<[String]>("OPID", help: "Only these operations.")

    /// For a listing, which shows everything where nothing is named.
    static func filter(_ arguments: ParsedArguments) -> RetryFilter {
        RetryFilter(
            opIds: arguments[opIds].isEmpty ? nil : arguments[opIds], onlyDeadLetters: arguments[dead],
            errorContains: arguments[error], olderThan: arguments[olderThan]?.duration)
    }

    /// For a command that changes something: nothing is changed that was not named.
    static func requiredFilter(_ arguments: ParsedArguments) throws(ValidationError) -> RetryFilter {
        let isNarrowed =
            arguments[dead] || arguments[error] != nil || arguments[olderThan] != nil || !arguments[opIds].isEmpty
        guard isNarrowed || arguments[all] else {
            throw ValidationError(
                "nothing says which rows are meant: name OPIDs, filters (--dead, --error, --older-than) or --all")
        }
        guard !(isNarrowed && arguments[all]) else {
            throw ValidationError("--all and filters or OPIDs exclude each other")
        }
        return filter(arguments)
    }
}

/// An age of any length: `--older-than 1h`.
struct AgeArgument: ExpressibleByArgument {
    let duration: Duration

    init?(argument: String) {
        guard let duration = DurationText.parse(argument) else { return nil }
        self.duration = duration
    }

    static var argumentExpectation: String { "a duration: 500ms, 10s, 5m, 2h" }
    var argumentText: String { DurationText.format(duration) }
}
