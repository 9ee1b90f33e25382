import CommandLineTool
import OperationStore
import TrustlogCore
import TrustlogService

extension CursorReport {
    /// For the table of `cursors list`.
    var cells: [String] {
        [
            row.key, kind.rawValue, sequence.map { String($0) } ?? "-", row.positionTime?.secondsText ?? "-",
            lagSeconds.map { "\(Int($0)) s" } ?? "-", row.owner ?? "-", row.leaseUntil?.secondsText ?? "-",
            row.updatedAt.secondsText,
        ]
    }

    /// What `cursors show` tells a person.
    var explanation: String {
        var facts = [("key", row.key), ("kind", kindText), ("position", positionText), ("lag", lagText)]
        if let replay = row.value.flatMap({ ReplayCursor(value: $0) }) {
            facts.append(("range", "seq \(replay.range.lowerBound) to \(replay.range.upperBound) \(replay.positions)"))
            facts.append(("topic", replay.topic))
        }
        facts.append(("owner", row.owner ?? "nobody works on it"))
        if let until = row.leaseUntil { facts.append(("lease until", until.rfc3339)) }
        facts.append(("updated", row.updatedAt.rfc3339))
        return facts.map { name, value in
            "\(name)\(String(repeating: " ", count: 13 - name.utf8.count))\(printable(value))\n"
        }.joined()
    }

    private var kindText: String {
        switch kind {
        case .publish: "publish: how far the service has come"
        case .replay: "replay: not finished; the same 'trustlog replay' command goes on here"
        case .bookmark: "bookmark"
        }
    }

    private var positionText: String {
        guard let sequence else { return "none yet" }
        guard let time = row.positionTime else { return "seq \(sequence): no row stands there" }
        return "seq \(sequence), recorded \(time.rfc3339); everything up to it is behind the cursor"
    }

    private var lagText: String {
        guard let lagSeconds else { return "unknown" }
        let seconds = lagSeconds < 1 ? "less than 1 s" : "\(Int(lagSeconds)) s"
        return switch kind {
        case .publish:
            lagSeconds > 0 ? "\(seconds): so long the oldest row behind it has waited" : "none: nothing waits behind it"
        case .replay, .bookmark:
            lagSeconds > 0 ? "\(seconds): so much later the last row was recorded" : "none: it stands at the end"
        }
    }
}
