import KafkaClient

/// What other threads have for the consumer's thread. They put it here and wake the poll; the thread takes it between two
/// polls, and the handler of a revocation blocks until the batches in hand are settled.
struct IngestInbox: Sendable {
    /// What the database knows of the group, read after an assignment.
    struct Stored: Sendable {
        /// The newest epoch when it was asked for.
        var epoch: AssignmentEpoch
        var positions: [TopicPartition: Int64]
        /// `nil`: there is no database.
        var databaseID: String?
    }

    /// What is ours by which assignment, and the membership by which the group knows it: taken together, so that a
    /// transaction which is checked against the one is fenced by the other.
    struct Membership: Sendable {
        var owned: [TopicPartition: AssignmentEpoch] = [:]
        var group: ConsumerGroupMetadata?
    }

    private struct Committable: Sendable {
        var epoch: AssignmentEpoch
        var position: Int64
    }

    /// Batches handed to the writer and not yet settled.
    var batchesInHand = 0
    /// Sendings of dead letters whose outcome is still to come.
    var lettersInHand = 0
    private(set) var stored: Stored?
    var membership = Membership()
    var isStopping = false
    /// Partitions whose dead letters wait, to be paused, and those that may go on, each by the assignment that is meant.
    private var toPause: [TopicPartition: AssignmentEpoch] = [:]
    private var toResume: [TopicPartition: AssignmentEpoch] = [:]
    /// Partitions to read again from where the group stands, as their messages in hand were given up.
    private var toRewind: [TopicPartition: AssignmentEpoch] = [:]
    private var committable: [TopicPartition: Committable] = [:]
    /// Positions that transactions have committed.
    private var transacted: [TopicPartition: Committable] = [:]

    /// An answer that comes late never takes the place of a newer one.
    mutating func put(_ stored: Stored) {
        guard stored.epoch >= self.stored?.epoch ?? .min else { return }
        self.stored = stored
    }

    mutating func pause(_ partitions: [TopicPartition: AssignmentEpoch]) {
        for (partition, epoch) in partitions {
            toResume[partition] = nil
            toPause[partition] = epoch
        }
    }

    mutating func resume(_ partitions: [TopicPartition: AssignmentEpoch]) {
        for (partition, epoch) in partitions {
            toPause[partition] = nil
            toResume[partition] = epoch
        }
    }

    /// What to pause and to resume now, less what was meant for assignments that are over.
    mutating func takeFlow(
        _ current: [TopicPartition: AssignmentEpoch]
    ) -> (pause: Set<TopicPartition>, resume: Set<TopicPartition>) {
        defer {
            toPause.removeAll(keepingCapacity: true)
            toResume.removeAll(keepingCapacity: true)
        }
        return (
            Set(toPause.filter { current[$0.key] == $0.value }.keys),
            Set(toResume.filter { current[$0.key] == $0.value }.keys)
        )
    }

    mutating func rewind(_ partitions: [TopicPartition: AssignmentEpoch]) {
        toRewind.merge(partitions) { max($0, $1) }
    }

    /// What to read again, less what was meant for assignments that are over.
    mutating func takeRewinds(_ current: [TopicPartition: AssignmentEpoch]) -> Set<TopicPartition> {
        defer { toRewind.removeAll(keepingCapacity: true) }
        return Set(toRewind.filter { current[$0.key] == $0.value }.keys)
    }

    /// The database has this position: it may be committed to Kafka.
    mutating func put(_ position: Int64, of partition: TopicPartition, epoch: AssignmentEpoch) {
        committable[partition] = Committable(epoch: epoch, position: position)
    }

    /// A transaction committed this position.
    mutating func putTransacted(_ position: Int64, of partition: TopicPartition, epoch: AssignmentEpoch) {
        transacted[partition] = Committable(epoch: epoch, position: position)
    }

    /// The positions committed since, less those of assignments that are over.
    mutating func takeTransacted(_ current: [TopicPartition: AssignmentEpoch]) -> [TopicPartition: Int64] {
        defer { transacted.removeAll(keepingCapacity: true) }
        return transacted.filter { current[$0.key] == $0.value.epoch }.mapValues(\.position)
    }

    /// The positions to commit now, less those of assignments that are over.
    mutating func takeCommittable(_ current: [TopicPartition: AssignmentEpoch]) -> [TopicPartition: Int64] {
        defer { committable.removeAll(keepingCapacity: true) }
        return committable.filter { current[$0.key] == $0.value.epoch }.mapValues(\.position)
    }
}
