import KafkaClient

/// Which positions were sent to the group's coordinator and not confirmed yet: what fails is sent again, so that a group at
/// rest never stands behind what its database has.
struct CommitLedger: Sendable {
    private struct Entry: Sendable {
        var epoch: AssignmentEpoch
        var position: Int64
        var mustBeSent: Bool
    }

    private var entries: [TopicPartition: Entry] = [:]
    private var sendAgainAt: Duration?

    /// The database has these positions.
    mutating func add(_ positions: [TopicPartition: Int64], of current: [TopicPartition: AssignmentEpoch]) {
        for (partition, position) in positions {
            guard let epoch = current[partition] else { continue }
            entries[partition] = Entry(epoch: epoch, position: position, mustBeSent: true)
        }
    }

    /// What to commit now, less what belongs to assignments that are over.
    /// - Parameter isLast: nothing is waited for any more: what was sent and not confirmed goes with it.
    mutating func take(
        _ current: [TopicPartition: AssignmentEpoch], now: Duration, isLast: Bool
    ) -> [TopicPartition: Int64] {
        entries = entries.filter { current[$0.key] == $0.value.epoch }
        if !isLast, let sendAgainAt, now < sendAgainAt { return [:] }
        sendAgainAt = nil
        let due = entries.filter { $0.value.mustBeSent || isLast }
        for partition in due.keys { entries[partition]?.mustBeSent = false }
        return due.mapValues(\.position)
    }

    mutating func confirmed(_ partition: TopicPartition, position: Int64?) {
        if entries[partition]?.position == position { entries[partition] = nil }
    }

    /// Everything that is not confirmed goes again, after a pause.
    mutating func failed(now: Duration) {
        for partition in entries.keys { entries[partition]?.mustBeSent = true }
        sendAgainAt = now + .seconds(1)
    }
}
