import CommandLineTool
import Synchronization
import TrustlogService

/// Writes what an audit finds as it is found, so that a long list of failures needs no memory.
final class AuditWriter: Audit.Observer {
    private struct State {
        var bar: ProgressBar?
        var failures = 0
    }

    private let format: OutputFormat
    private let terminal: Terminal
    private let state = Mutex(State())

    init(_ format: OutputFormat, _ terminal: Terminal) {
        self.format = format
        self.terminal = terminal
    }

    // MARK: Audit.Observer

    func reads(topicOffsets total: Int) {
        state.withLock { $0.bar = ProgressBar("audited", total: total, terminal: terminal) }
    }

    func read(envelopes count: Int) {
        state.withLock { $0.bar?.update(completed: count) }
    }

    func found(_ finding: AuditFinding) {
        let isFirst = state.withLock { state in
            state.failures += 1
            return state.failures == 1
        }
        switch format {
        case .text:
            if terminal.error.isTerminal { terminal.error.write("\r\u{1B}[K") }
            let mark = terminal.styled(finding.kind.rawValue.uppercased(), .red, on: terminal.output)
            terminal.writeLine("\(mark)  \(finding.place): \(printable(finding.reason))")
        case .json: terminal.write((isFirst ? Self.opening : ",") + finding.json.compactText)
        case .jsonl: terminal.writeLine(finding.json.compactText)
        }
    }

    // MARK: The end

    func leaveBar() {
        state.withLock { $0.bar?.finish() }
    }

    /// One object in all; with `jsonl` an object a failure, then the numbers.
    func finish(_ report: AuditReport) {
        leaveBar()
        switch format {
        case .text: terminal.write(report.text)
        case .json:
            let opening = state.withLock { $0.failures } == 0 ? Self.opening : ""
            terminal.writeLine(opening + "]," + report.json.compactText.dropFirst())
        case .jsonl: terminal.writeLine(report.json.compactText)
        }
    }

    private static let opening = #"{"failures":["#
}

extension AuditFinding {
    fileprivate var place: String {
        var parts: [String] = []
        if let opId { parts.append("opId \(printable(opId))") }
        if let seq { parts.append("seq \(seq)") }
        if let partition { parts.append("partition \(partition)") }
        if let offset { parts.append("offset \(offset)") }
        return parts.joined(separator: ", ")
    }

    fileprivate var json: JSONValue {
        [
            "kind": .string(kind.rawValue), "opId": .optional(opId), "sequence": .optional(seq.map { Int($0) }),
            "partition": .optional(partition.map { Int($0) }), "offset": .optional(offset.map { Int($0) }),
            "reason": .string(reason),
        ]
    }
}

extension AuditReport {
    fileprivate var json: JSONValue {
        [
            "ok": .bool(faults == 0), "rows": .integer(rows), "trustlogged": .integer(trustlogged),
            "waiting": .integer(waiting), "failed": .integer(failed), "notRequired": .integer(notRequired),
            "discarded": .integer(discarded), "envelopes": .integer(envelopes), "confirmed": .integer(confirmed),
            "repeats": .integer(repeats), "expired": .integer(expired), "missing": .integer(missing),
            "invalid": .integer(invalid), "unknown": .integer(unknown), "different": .integer(different),
        ]
    }

    fileprivate var text: String {
        let facts: [(String, Int, String)] = [
            ("rows", rows, "in the table"),
            ("  trustlogged", trustlogged, "published and acknowledged"),
            ("  waiting", waiting, "not yet published"),
            ("  failed", failed, "wait for a retry, or are dead letters"),
            ("  not required", notRequired, "persisted under db-only"),
            ("  discarded", discarded, "given up by an operator"),
            ("envelopes", envelopes, "in the topic"),
            ("  confirmed", confirmed, "stand where their row says, with its record"),
            ("  repeats", repeats, "the same record once more"),
            ("expired", expired, "rows whose envelope the topic's retention has removed"),
            ("missing", missing, "rows whose envelope is not there"),
            ("invalid", invalid, "messages that are no validly signed record"),
            ("unknown", unknown, "envelopes without a row"),
            ("different", different, "envelopes whose record is not their row's"),
        ]
        let width = facts.map { grouped($0.1).utf8.count }.max() ?? 0
        let lines = facts.map { name, count, meaning in
            let number = grouped(count)
            let gap = String(repeating: " ", count: 16 - name.utf8.count + width - number.utf8.count)
            return "\(name)\(gap)\(number)  \(meaning)\n"
        }
        return lines.joined() + "\n" + verdict + "\n"
    }

    private var verdict: String {
        if faults > 0 { return "Table and topic disagree: \(grouped(faults)) faults." }
        if rows == 0, envelopes == 0 { return "Table and topic are empty: there is nothing to audit." }
        let expiry = expired > 0 ? " Of \(grouped(expired)) expired rows nothing can be said." : ""
        return "Table and topic agree.\(expiry)"
    }
}
