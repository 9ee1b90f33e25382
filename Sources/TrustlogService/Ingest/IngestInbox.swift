import KafkaClient

/// What other threads have for the consumer's thread. They put it here and wake the poll; the thread takes it between two
/// polls, and the handler of a revocation blocks until the batches in hand are settled.
struct IngestInbox: Sendable {
    /// What the database knows of the group, read after an assignment.
    struct Stored: Sendable {
        /// The newest epoch when it was asked for.
        var epoch: AssignmentEpoch
        var positions: [TopicPartition: Int64]
        var databaseID: String
    }

    private struct Committable: Sendable {
        var epoch: AssignmentEpoch
        var position: Int64
    }

    /// Batches handed to the writer and not yet settled.
    var batchesInHand = 0
    /// Sendings of dead letters whose outcome is still to come.
    var lettersInHand = 0
    var stored: Stored?
    /// Partitions whose dead letters wait, to be paused, and those that may go on.
    var toPause: Set<TopicPartition> = []
    var toResume: Set<TopicPartition> = []
    var isStopping = false
    private var committable: [TopicPartition: Committable] = [:]

    /// The database has this position: it may be committed to Kafka.
    mutating func put(_ position: Int64, of partition: TopicPartition, epoch: AssignmentEpoch) {
        committable[partition] = Committable(epoch: epoch, position: position)
    }

    /// The positions to commit now, less those of assignments that are over.
    mutating func takeCommittable(_ current: [TopicPartition: AssignmentEpoch]) -> [TopicPartition: Int64] {
        defer { committable.removeAll(keepingCapacity: true) }
        return committable.filter { current[$0.key] == $0.value.epoch }.mapValues(\.position)
    }
}
