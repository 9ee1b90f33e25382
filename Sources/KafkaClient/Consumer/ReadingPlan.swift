/// What a partition holds: its first offset, and the one after its last.
package struct PartitionRange: Sendable, Equatable {
    package var partition: Int32
    package var low: Int64
    package var high: Int64

    package init(partition: Int32, low: Int64, high: Int64) {
        self.partition = partition
        self.low = low
        self.high = high
    }
}

/// Which partitions a ``TopicReader`` still has to read, and up to where.
struct ReadingPlan {
    private struct Partition {
        /// The first offset that is not read; `nil`: there is no end.
        var end: Int64?
        var isRunning = false
        var isDone = false
    }

    private var partitions: [Int32: Partition] = [:]
    private let stopsAtEnd: Bool
    private var unfinished: Int

    init() {
        self.init([], stopsAtEnd: false)
    }

    init(_ ranges: [PartitionRange], stopsAtEnd: Bool) {
        self.stopsAtEnd = stopsAtEnd
        for range in ranges {
            let isEmpty = range.low >= range.high
            partitions[range.partition] = Partition(
                end: stopsAtEnd ? range.high : nil, isDone: stopsAtEnd && isEmpty)
        }
        unfinished = partitions.values.count { !$0.isDone }
    }

    var isComplete: Bool { stopsAtEnd && unfinished == 0 }

    var running: [Int32] { partitions.filter { $0.value.isRunning }.map(\.key) }

    func isDone(_ partition: Int32) -> Bool { partitions[partition]?.isDone ?? true }

    mutating func started(_ partition: Int32) {
        partitions[partition]?.isRunning = true
    }

    /// Whether a message belongs to what is to be read. The last one, or one behind the end, finishes its partition.
    mutating func wants(_ partition: Int32, offset: Int64) -> Bool {
        guard let state = partitions[partition], !state.isDone else { return false }
        guard let end = state.end else { return true }
        if offset + 1 >= end { finish(partition) }
        return offset < end
    }

    /// Transaction markers and compaction leave no message at the last offset: the end itself is what tells.
    mutating func reachedEnd(_ partition: Int32) {
        if stopsAtEnd { finish(partition) }
    }

    /// Whether the partition is done and still being fetched; only the first time it is asked.
    mutating func takeStoppable(_ partition: Int32) -> Bool {
        guard let state = partitions[partition], state.isDone, state.isRunning else { return false }
        partitions[partition]?.isRunning = false
        return true
    }

    private mutating func finish(_ partition: Int32) {
        guard partitions[partition]?.isDone == false else { return }
        partitions[partition]?.isDone = true
        unfinished -= 1
    }
}
