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
            return "The database cannot be reached: \(databaseProblem). Nothing is lost; work goes on when it answers. "
                + "Check it with: trustlog config check --connect"
        }
        if let loop = hungLoops.first {
            return "The \(loop) loop hangs: restart the process (nothing is lost by that)."
        }
        if let brokerProblem {
            return "Kafka cannot be reached: \(brokerProblem). Nothing is lost; work goes on when it answers. "
                + "Check it with: trustlog config check --connect"
        }
        if circuit != .closed, let circuitReason {
            return "Publishing waits: \(circuitReason). Nothing is lost; it goes on by itself. "
                + "Check it with: trustlog config check --connect"
        }
        if let waiting = waiting.first {
            let name = waiting.partition.partition < 0 ? waiting.partition.topic : waiting.partition.description
            return "\(name) waits: \(waiting.reason). Nothing is lost; it goes on by itself when that is mended."
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
            return total(of: consumer) > 0
                ? "\(waitInTopic)."
                : "Everything consumed is published, up to \(now.rfc3339)."
        }
        guard let statistics else { return "The database was not asked yet." }
        if strategy == .databaseAndTrustlog, let cursor = unownedCursor(statistics) {
            return "No process works the cursor \(cursor), and \(operations(statistics.unlogged)) "
                + "\(statistics.unlogged == 1 ? "waits" : "wait"): start `trustlog run`."
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
            return "Everything is in the database, up to \(now.rfc3339); \(statistics.unlogged) operations wait to be "
                + "published, which db-only does not do: set strategy to db-and-trustlog."
        }
        let kept = strategy == .databaseOnly ? "in the database" : "in the database and published"
        return "Everything is preserved up to \(now.rfc3339): \(operations(persisted ?? 0)), \(kept)."
    }

    private var waitInTopic: String {
        let lag = Int(total(of: consumer))
        return "\(operations(lag)) \(lag == 1 ? "waits" : "wait") in the input topic"
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
