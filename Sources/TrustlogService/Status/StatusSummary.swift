import KafkaClient
import OperationStore
package import TrustlogCore

extension StatusReport {
    /// The closing line: everything is preserved up to a moment, or what is wrong and the command that helps.
    package func summary(now: Timestamp) -> String {
        problem ?? rest(now: now)
    }

    /// What is wrong, the worst first.
    private var problem: String? {
        if let databaseProblem {
            return
                "The database cannot be reached: \(sentence(databaseProblem)) Nothing is lost; work goes on when it answers. "
                + "Check it with: trustlog config check --connect"
        }
        if let loop = hungLoops.first {
            return "The \(loop) loop hangs: restart the process (nothing is lost by that)."
        }
        if let brokerProblem {
            return "Kafka cannot be reached: \(sentence(brokerProblem)) Nothing is lost; work goes on when it answers. "
                + "Check it with: trustlog config check --connect"
        }
        if circuit != .closed, let circuitReason {
            return "Publishing waits: \(sentence(circuitReason)) Nothing is lost; it goes on by itself. "
                + "Check it with: trustlog config check --connect"
        }
        if let waiting = waiting.first {
            let name = waiting.partition.partition < 0 ? waiting.partition.topic : waiting.partition.description
            return
                "\(name) waits: \(sentence(waiting.reason)) Nothing is lost; it goes on by itself when that is mended."
        }
        if let statistics, statistics.deadLetters > 0 {
            let count = statistics.deadLetters
            return "\(operations(count)) could not be published and \(count == 1 ? "needs" : "need") a decision: "
                + "trustlog retries list --dead"
        }
        return nil
    }

    private func rest(now: Timestamp) -> String {
        guard strategy != .trustlogOnly else {
            if total(of: consumer) > 0 { return "\(waitInTopic)." }
            if let topicIsUnknown { return "\(topicIsUnknown)." }
            return "Everything consumed is published, up to \(now.rfc3339)."
        }
        guard let statistics else { return "The database was not asked yet." }
        if strategy == .databaseAndTrustlog, let cursor = unownedCursor(statistics) {
            return "No process works the cursor \(cursor), and \(operations(statistics.unlogged)) "
                + "\(wait(statistics.unlogged)): start `trustlog run`."
        }
        if strategy == .databaseAndTrustlog, statistics.unlogged > 0 {
            let count = statistics.unlogged
            return "\(operations(count)) \(count == 1 ? "is" : "are") in the database and not published yet, "
                + "the oldest for \(Int(oldestUnloggedSeconds)) s; everything older is preserved."
        }
        if total(of: consumer) > 0 {
            return "\(waitInTopic); everything consumed is preserved."
        }
        if strategy == .databaseOnly, statistics.unlogged > 0 {
            let count = statistics.unlogged
            let known = topicIsUnknown ?? "Everything is in the database, up to \(now.rfc3339)"
            return "\(known); \(operations(count)) \(wait(count)) to be published, which db-only does not do: "
                + "set strategy to db-and-trustlog."
        }
        if let topicIsUnknown {
            return "\(topicIsUnknown). What is in the database is preserved, up to "
                + "\(statistics.databaseTime.rfc3339)\(table)."
        }
        return "Everything is preserved up to \(now.rfc3339)\(table)."
    }

    /// What the table holds.
    private var table: String {
        let publishes = strategy == .databaseAndTrustlog
        let rest = publishes ? "; none waits to be published" : ""
        return (counts?.total).map { ": \(operations($0)), in the database\($0 == 0 ? "" : rest)" } ?? rest
    }

    private var waitInTopic: String {
        let lag = Int(total(of: consumer))
        let count = unmeasuredPartitions > 0 ? "At least \(operations(lag))" : operations(lag)
        return "\(count) \(wait(lag)) in the input topic"
    }

    /// That it is not known whether more waits in the topic; `nil` where it is.
    private var topicIsUnknown: String? {
        if unmeasuredPartitions > 0 { return "What the input topic holds is not known yet" }
        guard consumer.isEmpty else { return nil }
        return isRunning
            ? "What the input topic holds is not known: no partition of it is assigned to this process yet"
            : "What the input topic holds is not known"
    }

    private func wait(_ count: Int) -> String { count == 1 ? "waits" : "wait" }

    /// A reason as the end of a sentence. Libraries end theirs in their own ways, and with tabs and line breaks inside.
    private func sentence(_ reason: String) -> String {
        var text = reason.oneLine
        while text.last == "." { text.removeLast() }
        return text.last.map { "?!".contains($0) } ?? false ? text : text + "."
    }

    private func operations(_ count: Int) -> String {
        count == 1 ? "1 operation" : "\(count) operations"
    }

    private func total(of lags: [PartitionLag]) -> Int64 {
        lags.reduce(0) { $0 + max(0, $1.lag) }
    }

    /// A publishing cursor that nobody holds a valid lease of, while rows wait.
    private func unownedCursor(_ statistics: StoreStatistics) -> String? {
        guard statistics.unlogged > 0 else { return nil }
        for index in 0..<publishingCursorCount {
            let key = CursorKey.publishing(index)
            let row = cursors.first { $0.row.key == key }?.row
            let isHeld = row?.owner != nil && (row?.leaseUntil).map { $0 >= statistics.databaseTime } ?? false
            if !isHeld { return key }
        }
        return nil
    }
}
