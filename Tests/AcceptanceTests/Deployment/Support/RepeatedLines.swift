import CommandLineTool
import TrustlogTestKit

/// Warnings and errors of a log in JSON that say the same: same logger, same message but for numbers and addresses of memory.
struct RepeatedLines {
    /// How many warnings and errors there are.
    let troubles: Int
    /// What was said more than once, with how often.
    let found: [String]

    init(log: String) throws {
        var counts: [String: Int] = [:]
        // What the command line says of this process's own environment, before there is a log.
        let lines = log.split(separator: "\n").filter { !$0.hasPrefix("warning: the environment variable ") }
        for line in lines {
            guard let entry = try? JSONValue(json: line.utf8) else {
                throw CommandError("a line of the log is no JSON: \(line.prefix(500))")
            }
            guard let level = entry["level"]?.stringValue, ["warning", "error", "critical"].contains(level) else {
                continue
            }
            let message = (entry["message"]?.stringValue ?? "").filter { !$0.isNumber }
            // What librdkafka adds to a line that it has held back.
            let plain = message.split(separator: " (after").first.map(String.init) ?? message
            counts["\(entry["logger"]?.stringValue ?? ""): \(plain)", default: 0] += 1
        }
        troubles = counts.values.reduce(0, +)
        found = counts.filter { $0.value > 1 }.map { "\($0.value) times \($0.key)" }.sorted()
    }
}
