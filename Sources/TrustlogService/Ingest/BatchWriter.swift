import KafkaClient

/// Where the consumer's thread puts what it consumed: into the database, or straight to the trustlog topic.
///
/// For each batch that it accepts, a writer lowers ``IngestInbox/batchesInHand`` once, whatever became of it, and calls the
/// loop's heartbeat while it has any.
protocol BatchWriter: Sendable {
    /// Takes a batch; the caller counts it in ``IngestInbox/batchesInHand`` and never has more than two under way.
    func accept(_ batch: ConsumedBatch)

    /// Forgets assignments that are over.
    func revoke(_ partitions: [TopicPartition: AssignmentEpoch])

    /// The inbox says that the program stops: what waits for database or broker looks at it now.
    func interrupt()

    /// Works until ``close(deadline:)``.
    func run() async

    /// Ends ``run()``: what cannot be finished by now is left to the next owner.
    func close(deadline: Duration) async
}
