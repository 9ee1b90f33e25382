package import KafkaClient
package import OperationStore
import TrustlogCore

/// What `trustlog status` tells (contract, section 11).
package struct StatusReport: Sendable {
    package struct PartitionLag: Sendable {
        package var partition: TopicPartition
        package var lag: Int64

        package init(partition: TopicPartition, lag: Int64) {
            self.partition = partition
            self.lag = lag
        }
    }

    package struct Waiting: Sendable {
        package var partition: TopicPartition
        package var reason: String
    }

    package var version: String
    package var strategy: ServiceConfiguration.Strategy
    /// Whether a running process tells this, or database and broker alone.
    package var isRunning: Bool
    /// Rows in the table; `nil` where the database could not be asked.
    package var counts: OperationCounts?
    package var statistics: StoreStatistics?
    package var consumer: [PartitionLag] = []
    /// Partitions that are read here, or are about to be, without its being known how much waits in them.
    package var unmeasuredPartitions = 0
    package var cursors: [CursorReport] = []
    package var circuit: CircuitBreakerState.Phase = .closed
    package var circuitReason: String?
    package var waiting: [Waiting] = []
    package var lastError: ServiceState.LastError?
    /// Why broker or database cannot be asked, if they cannot.
    package var brokerProblem: String?
    package var databaseProblem: String?
    /// Loops whose heartbeat is late.
    package var hungLoops: [String] = []
    package var publishingCursorCount: Int

    package init(
        version: String, strategy: ServiceConfiguration.Strategy, isRunning: Bool, publishingCursorCount: Int
    ) {
        self.version = version
        self.strategy = strategy
        self.isRunning = isRunning
        self.publishingCursorCount = publishingCursorCount
    }

    /// Age of the oldest operation that is not published, in seconds on the database's clock; 0 if there is none, or the
    /// database was not asked.
    package var oldestUnloggedSeconds: Double {
        guard let statistics, let oldest = statistics.oldestUnlogged else { return 0 }
        return max(0, Double(statistics.databaseTime.microseconds - oldest.microseconds) / 1e6)
    }
}

/// One row of `cursors list` (contract, section 11).
package struct CursorReport: Sendable {
    package enum Kind: String, Sendable {
        case publish
        case replay
        case bookmark
    }

    package var row: CursorRow
    package var kind: Kind
    /// The last `seq` behind it.
    package var sequence: Int64?
    /// How long the oldest row that waits behind it has waited; `nil` where that has no meaning.
    package var lagSeconds: Double?

    package init(row: CursorRow, lagSeconds: Double?) {
        self.row = row
        self.lagSeconds = lagSeconds
        kind = CursorKey.kind(of: row.key, value: row.value)
        sequence = row.value.flatMap { CursorKey.sequence(ofValue: $0) }
    }
}

/// The three kinds of key that live side by side in `trustlog_cursor` (contract, section 4).
package enum CursorKey {
    private static let publishPrefix = "publish-"
    private static let replayPrefix = "replay "

    package static func publishing(_ index: Int) -> String { publishPrefix + String(index) }

    /// Whether the key is one of the cursor workers' own.
    package static func isPublishing(_ key: String) -> Bool {
        guard key.utf8.starts(with: publishPrefix.utf8) else { return false }
        let digits = key.dropFirst(publishPrefix.count)
        return !digits.isEmpty && digits.allSatisfy { $0.isASCII && $0.isNumber }
    }

    static func kind(of key: String, value: String?) -> CursorReport.Kind {
        if isPublishing(key) { return .publish }
        return value?.utf8.starts(with: replayPrefix.utf8) == true ? .replay : .bookmark
    }

    /// The sequence that a value names: a bare number, or the second word of a replay's.
    static func sequence(ofValue value: String) -> Int64? {
        if let sequence = Int64(value) { return sequence }
        guard value.utf8.starts(with: replayPrefix.utf8) else { return nil }
        return value.split(separator: " ").dropFirst().first.flatMap { Int64($0) }
    }
}
