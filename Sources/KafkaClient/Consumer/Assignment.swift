/// What a consumer holds of its group's partitions: which are assigned, which are being read, and from where.
///
/// librdkafka is told of a partition only when it is started; until then it is assigned in the group's eyes and idle here.
struct Assignment {
    struct Partition {
        /// The assignment it came with.
        var generation: Int
        var phase = Phase.idle
        var isPaused = false
        /// Everything below this offset is settled: it may be committed. `nil`: nothing is, from the earliest on.
        var settled: Int64?
        /// The offset after the last message that the application received; transaction markers do not count.
        var received: Int64?
        /// The highest offset + 1 that the broker told when it was asked.
        var knownHigh: Int64?
        /// The high watermark that was known when the end was reached; `nil` while there is more to read.
        var highAtEnd: Int64?
    }

    enum Phase: Equatable {
        /// Waits for a position.
        case idle
        /// Is read; `next` is the offset of the next message (`nil`: the earliest there is).
        case started(next: Int64?)
    }

    private(set) var partitions: [TopicPartition: Partition] = [:]
    /// Counts assignments, so that a position found out for an earlier one can be told from a fresh one.
    private(set) var generation = 0

    // MARK: Rebalances

    mutating func assign(_ added: [TopicPartition]) {
        generation += 1
        for partition in added {
            partitions[partition] = Partition(generation: generation)
        }
    }

    /// Returns those of them that librdkafka was reading.
    mutating func revoke(_ revoked: [TopicPartition]) -> [TopicPartition] {
        revoked.filter { partition in
            guard let removed = partitions.removeValue(forKey: partition) else { return false }
            return removed.phase != .idle
        }
    }

    mutating func revokeAll() {
        partitions.removeAll()
    }

    // MARK: Positions

    /// Marks as started what is assigned, idle and not younger than `generation`; returns those.
    mutating func start(_ positions: [PartitionOffset], generation: Int?) -> [PartitionOffset] {
        positions.filter { position in
            guard let partition = partitions[position.topicPartition], partition.phase == .idle,
                partition.generation <= generation ?? .max
            else { return false }
            set(position.topicPartition, to: position.offset)
            return true
        }
    }

    mutating func move(_ partition: TopicPartition, to offset: Int64?) {
        guard isStarted(partition) else { return }
        set(partition, to: offset)
    }

    /// Begins at `offset`: what lies before it is settled.
    private mutating func set(_ partition: TopicPartition, to offset: Int64?) {
        partitions[partition]?.phase = .started(next: offset)
        partitions[partition]?.settled = offset
        partitions[partition]?.received = offset
        partitions[partition]?.highAtEnd = nil
    }

    /// The application received messages from `first` on, up to before `next`.
    mutating func consumed(_ partition: TopicPartition, first: Int64, next: Int64) {
        guard isStarted(partition) else { return }
        partitions[partition]?.phase = .started(next: next)
        partitions[partition]?.received = next
        partitions[partition]?.highAtEnd = nil
        if partitions[partition]?.settled == nil { partitions[partition]?.settled = first }
    }

    /// What lies before `offset` may be committed, or is.
    mutating func settled(_ partition: TopicPartition, _ offset: Int64) {
        guard isStarted(partition) else { return }
        let before = partitions[partition]?.settled
        partitions[partition]?.settled = max(before ?? offset, offset)
    }

    mutating func reachedEnd(_ partition: TopicPartition, at offset: Int64, high: Int64?) {
        guard isStarted(partition) else { return }
        partitions[partition]?.phase = .started(next: offset)
        partitions[partition]?.highAtEnd = max(high ?? offset, offset)
        partitions[partition]?.knownHigh = nil
    }

    mutating func setPaused(_ isPaused: Bool, _ changed: [TopicPartition]) {
        for partition in changed {
            partitions[partition]?.isPaused = isPaused
        }
    }

    mutating func learned(high: Int64, of partition: TopicPartition) {
        partitions[partition]?.knownHigh = high
    }

    // MARK: Reading

    func isStarted(_ partition: TopicPartition) -> Bool {
        guard let partition = partitions[partition] else { return false }
        return partition.phase != .idle
    }

    /// Where each started partition goes on, ordered, so that calls to librdkafka are reproducible.
    var startedPositions: [PartitionOffset] {
        partitions.compactMap { partition, state in
            guard case .started(let next) = state.phase else { return nil }
            return PartitionOffset(partition, offset: next)
        }
        .sorted { ($0.topic, $0.partition) < ($1.topic, $1.partition) }
    }

    func startedAndPaused(among candidates: [TopicPartition]? = nil) -> [TopicPartition] {
        (candidates ?? Array(partitions.keys)).filter { partitions[$0]?.isPaused == true && isStarted($0) }
    }

    func position(of partition: TopicPartition) -> Int64? {
        guard case .started(let next) = partitions[partition]?.phase else { return nil }
        return next
    }

    /// Messages between what is settled and the end; `nil` while either is not known. `watermarks` are those that the last
    /// fetch brought, if any. What follows the last readable message (transaction markers) is no lag once the end was
    /// reached and every message before it is settled.
    func lag(of partition: TopicPartition, watermarks: (low: Int64, high: Int64)?) -> Int64? {
        guard let state = partitions[partition], case .started(let next) = state.phase,
            let high = [watermarks?.high, state.knownHigh, state.highAtEnd].compactMap(\.self).max()
        else { return nil }
        let isAllSettled = state.settled ?? .min >= state.received ?? .min
        if isAllSettled, let highAtEnd = state.highAtEnd, high <= highAtEnd { return 0 }
        guard let begin = (isAllSettled ? next : state.settled) ?? watermarks?.low else { return nil }
        return max(0, high - begin)
    }
}
