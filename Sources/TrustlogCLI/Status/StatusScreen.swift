import CommandLineTool
import TrustlogService

/// Status for a person, on one screen, ending with what it means in words.
struct StatusScreen {
    private let status: JSONValue
    private let terminal: Terminal

    init(_ status: JSONValue, terminal: Terminal) {
        self.status = status
        self.terminal = terminal
    }

    var text: String {
        var lines = [heading]
        lines.append(contentsOf: facts)
        lines.append(contentsOf: list("consumer", title: "Consumer lag", partition))
        lines.append(contentsOf: list("cursors", title: "Cursors", cursor))
        lines.append(contentsOf: list("waiting", title: "Waiting partitions", waiting))
        lines.append(contentsOf: deadLetterReasons)
        lines.append("")
        lines.append(text(of: "summary"))
        return lines.joined(separator: "\n") + "\n"
    }

    private var heading: String {
        let state =
            status["running"]?.boolValue == true ? "running" : "no process runs: this is what database and broker know"
        return terminal.styled("trustlog \(text(of: "version"))", .bold, on: terminal.output)
            + "  \(text(of: "strategy"))  \(state)"
    }

    private var facts: [String] {
        var facts = hasTable ? factsOfTable : []
        facts.append(("circuit breaker", circuit))
        if let error = status["lastError"], let message = error["message"]?.stringValue {
            facts.append(("last error", "\(error["time"]?.stringValue ?? "")  \(printable(message.oneLine))"))
        }
        return facts.map { "  \($0)\(String(repeating: " ", count: 18 - $0.utf8.count)) \($1)" }
    }

    private var factsOfTable: [(String, String)] {
        [
            ("persisted", persisted),
            ("not yet published", unlogged),
            ("retries", "\(number(status["retries"]?["pending"])) pending, \(number(status["retries"]?["due"])) due"),
            ("dead letters", number(status["deadLetters"]?["count"])),
        ]
    }

    private var hasTable: Bool { status["strategy"]?.stringValue != "trustlog-only" }

    /// How many rows there are, and which statuses they have.
    private var persisted: String {
        guard case .object(let counts)? = status["persistedByStatus"] else { return number(status["persisted"]) }
        let found = counts.filter { ($0.value.integerValue ?? 0) > 0 }.map {
            "\(number($0.value)) \(printable($0.name))"
        }
        return number(status["persisted"]) + (found.isEmpty ? "" : ": " + found.joined(separator: ", "))
    }

    private var unlogged: String {
        let count = status["unlogged"]?["count"]?.integerValue
        let age = Int(status["unlogged"]?["oldestSeconds"]?.doubleValue ?? 0)
        return number(status["unlogged"]?["count"]) + ((count ?? 0) > 0 ? ", the oldest for \(age) s" : "")
    }

    private var circuit: String {
        let breaker = status["circuitBreaker"]
        let state = breaker?["state"]?.stringValue ?? "unknown"
        return state + (breaker?["reason"]?.stringValue.map { ": \(printable($0))" } ?? "")
    }

    private func list(_ member: String, title: String, _ line: (JSONValue) -> String) -> [String] {
        let elements = status[member]?.arrayValue ?? []
        return elements.isEmpty ? [] : ["", title] + elements.map { "  " + line($0) }
    }

    private func partition(_ value: JSONValue) -> String {
        "\(value["topic"]?.stringValue ?? "")[\(number(value["partition"]))]  \(number(value["lag"]))"
    }

    private func waiting(_ value: JSONValue) -> String {
        "\(value["topic"]?.stringValue ?? "")[\(number(value["partition"]))]  "
            + printable((value["reason"]?.stringValue ?? "").oneLine)
    }

    private func cursor(_ value: JSONValue) -> String {
        let owner = value["owner"]?.stringValue.map { "owned by \(printable($0))" } ?? "no owner"
        let lag = value["lagSeconds"]?.doubleValue.map { "  lag \(Int($0)) s" } ?? ""
        let place = value["sequence"]?.integerValue.map { "at \(grouped($0))" } ?? "at the beginning"
        return "\(printable(value["key"]?.stringValue ?? ""))  \(place)  \(owner)\(lag)"
    }

    private var deadLetterReasons: [String] {
        let reasons = status["deadLetters"]?["reasons"]?.arrayValue ?? []
        guard !reasons.isEmpty else { return [] }
        return ["", "Dead letters by reason"]
            + reasons.map { "  \(number($0["count"]))  \(printable(($0["reason"]?.stringValue ?? "").oneLine))" }
    }

    private func text(of member: String) -> String { printable((status[member]?.stringValue ?? "").oneLine) }

    private func number(_ value: JSONValue?) -> String { value?.integerValue.map { grouped($0) } ?? "unknown" }
}
