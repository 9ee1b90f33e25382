import BlockingExecutor
import KafkaClient
import Observability
import OperationStore

/// One member of the consumer group at work: consumes and decodes on the consumer's own thread, hands batches to the writer,
/// and commits to Kafka what the database has. (Where there is no database, the writer's transactions commit.)
///
/// It occupies the thread for as long as it runs, so that no call of the consumer ever interleaves with another; everything
/// that comes from elsewhere stands in the inbox, and whoever puts it there wakes the poll.
actor Ingest {
    nonisolated let consumer: KafkaConsumer
    nonisolated var unownedExecutor: UnownedSerialExecutor { consumer.executor.asUnownedSerialExecutor() }

    private let configuration: ServiceConfiguration.Input
    private let decoder: MessageDecoder
    private let store: (any OperationStore)?
    private let writer: any BatchWriter
    private let inbox: ConditionLock<IngestInbox>
    private let state: ServiceState
    private let metrics: TrustlogMetrics
    private let logger: Logger
    /// For what repeats while broker or database is away.
    private let repeated: LogLimiter
    private let clock: any ServiceClock
    private let heartbeat: @Sendable () -> Void

    /// Partitions that are ours, by the assignment that made them so.
    private var owned: [TopicPartition: AssignmentEpoch] = [:]
    private var lastEpoch: AssignmentEpoch = 0
    /// Those of them that are not read yet, because it is not known where to begin.
    private var toStart: Set<TopicPartition> = []
    private var startAgainAt: Duration?
    /// Those of them that are read already and go back.
    private var toRewind: Set<TopicPartition> = []
    /// The offset that each partition was to be read at next.
    private var nextOffsets: [TopicPartition: Int64] = [:]
    private var heldForDeadLetters: Set<TopicPartition> = []
    /// Those whose offset the topic no longer has, until it is known where to go on.
    private var toReset: Set<TopicPartition> = []
    private var resetAgainAt: Duration?
    private var askForEndsAt = Duration.zero
    /// Those that `status` says cannot be consumed.
    private var failing: Set<TopicPartition> = []
    /// When everything has to be finished, once the program stops.
    private var closeBy: ContinuousClock.Instant?
    /// What is in hand was waited for as long as there was time.
    private var isLeaving = false
    /// Everything is paused because the writer does not keep up (the database is away).
    private var isHeld = false
    private var metadata = CommitMetadata.noDatabase
    private var commits = CommitLedger()

    init(
        consumer: KafkaConsumer, configuration: ServiceConfiguration, store: (any OperationStore)?,
        writer: any BatchWriter, inbox: ConditionLock<IngestInbox>, state: ServiceState, metrics: TrustlogMetrics,
        clock: any ServiceClock, logger: Logger, heartbeat: @escaping @Sendable () -> Void
    ) {
        self.consumer = consumer
        self.configuration = configuration.input
        self.decoder = MessageDecoder(forwardHeaders: configuration.output.forwardHeaders)
        self.store = store
        self.writer = writer
        self.inbox = inbox
        self.state = state
        self.metrics = metrics
        self.clock = clock
        self.logger = logger
        repeated = LogLimiter(logger: logger)
        self.heartbeat = heartbeat
    }

    /// Batches that may be with the writer: one that is being persisted, and the next.
    private static let batchesInHandLimit = 2

    /// Consumes until ``IngestInbox/isStopping``; then what is in hand is finished, committed, and the group left.
    /// - Throws: an error that ended the consumer; a new one has to take its place.
    func run(shutdownTimeout: Duration) throws(KafkaError) {
        defer { leave(shutdownTimeout) }
        try consumer.subscribe(to: [configuration.topic])
        while !inbox.withLock({ $0.isStopping }) {
            beat()
            commitInBackground()
            obeyWriter()
            rewindGivenUp()
            startAssigned()
            resetLost()
            learnEndsOfPaused()
            if !owned.isEmpty, inbox.withLock({ $0.membership.group == nil }) { shareMembership() }
            try turn()
        }
    }

    /// Half of the time is for what is in hand, a quarter for the broker; the rest is others'.
    private func leave(_ shutdownTimeout: Duration) {
        let begin = ContinuousClock.now
        closeBy = begin + shutdownTimeout / 2
        settleInHand(timeout: shutdownTimeout / 2)
        closeBy = begin + shutdownTimeout * 3 / 4
        isLeaving = true
        commitSynchronously(timeout: shutdownTimeout / 8)
        consumer.close(deadline: remaining(.seconds(60)))
    }

    /// While the writer has something in hand, the heartbeat is its own: a writer that hangs is no sign of life.
    private func beat() {
        if inbox.withLock({ $0.batchesInHand == 0 }) { heartbeat() }
    }

    // MARK: Consuming

    private func turn() throws(KafkaError) {
        let hasRoom = inbox.wait(timeout: isHeld ? .zero : .seconds(1)) {
            $0.batchesInHand < Self.batchesInHandLimit || $0.isStopping
        }
        if hasRoom == isHeld { hold(!hasRoom) }
        let before = owned
        var batch = ConsumedBatch()
        var errors: [KafkaConsumer.PartitionError] = []
        _ = try consumer.consume(
            maxMessages: configuration.batchSize, maxBytes: configuration.batchBytes, timeout: .milliseconds(500)
        ) { message in
            decoder.add(message, to: &batch)
        } onError: { error in
            errors.append(error)
        }
        // A partition that went and came back within the poll starts anew, behind these messages; so does one that waits
        // to be read again.
        batch.keepOnly(owned.filter { before[$0.key] == $0.value && !toRewind.contains($0.key) })
        errors.forEach(handle)
        guard !batch.isEmpty else { return }
        works(failing.intersection(batch.nextOffsets.keys))
        metrics.operationsConsumed.increment(by: batch.rows.count + batch.rejected.count)
        metrics.stageSeconds[.decode].observe((ContinuousClock.now - batch.begin).seconds)
        nextOffsets.merge(batch.nextOffsets) { $1 }
        state.setReachable(.broker, problem: nil)
        inbox.signal { $0.batchesInHand += 1 }
        writer.accept(batch)
    }

    /// Pauses everything while the writer does not keep up, and goes on polling, so that the group sees a live member.
    private func hold(_ isHeld: Bool) {
        self.isHeld = isHeld
        let partitions = owned.keys.filter { !heldForDeadLetters.contains($0) }
        attempt("partitions could not be \(isHeld ? "paused" : "resumed")") { () throws(KafkaError) in
            if isHeld { try consumer.pause(partitions) } else { try consumer.resume(partitions) }
        }
        if isHeld { logger.warning("consumption is paused until what was consumed is taken") }
    }

    /// Partitions with dead letters that cannot be published wait; they go on when these are acknowledged.
    private func obeyWriter() {
        let (pause, resume) = inbox.withLock { $0.takeFlow(owned) }
        guard !pause.isEmpty || !resume.isEmpty else { return }
        heldForDeadLetters.formUnion(pause)
        heldForDeadLetters.subtract(resume)
        attempt("partitions could not be paused") { () throws(KafkaError) in try consumer.pause(Array(pause)) }
        guard !isHeld else { return }
        attempt("partitions could not be resumed") { () throws(KafkaError) in try consumer.resume(Array(resume)) }
    }

    /// Nothing is fetched of what is paused, so that no fetch tells how much more waits.
    private func learnEndsOfPaused() {
        let paused = isHeld ? Set(owned.keys).subtracting(toStart) : heldForDeadLetters
        guard !paused.isEmpty, clock.now >= askForEndsAt else { return }
        attempt("it is not known how much waits in the topic") { () throws(KafkaError) in
            try consumer.learnEnds(of: Array(paused), timeout: .seconds(1))
        }
        askForEndsAt = clock.now + Self.endsInterval
    }

    private static let endsInterval = Duration.seconds(3)

    private func handle(_ failure: KafkaConsumer.PartitionError) {
        let partition = TopicPartition(topic: failure.topic, partition: failure.partition)
        switch failure.error.code {
        case KafkaError.autoOffsetReset, KafkaError.offsetOutOfRange:
            if owned[partition] != nil { toReset.insert(partition) }
        default:
            // librdkafka names some partition where the topic as a whole is meant.
            let what = owned[partition] == nil ? TopicPartition(topic: failure.topic, partition: -1) : partition
            failing.insert(what)
            let name = what.partition < 0 ? what.topic : what.description
            logger.error("\(name) cannot be consumed: \(failure.error)")
            state.setWaiting(what, reason: "cannot be consumed: \(failure.error)")
            state.recordError("\(name) cannot be consumed: \(failure.error)")
        }
    }

    /// What was told as failing is consumed again.
    private func works(_ partitions: Set<TopicPartition>) {
        for partition in partitions where !heldForDeadLetters.contains(partition) {
            state.setWaiting(partition, reason: nil)
        }
        failing.subtract(partitions)
    }

    /// Partitions whose offset is gone stand still until the broker has told where they begin now.
    private func resetLost() {
        guard !toReset.isEmpty else { return }
        if let resetAgainAt, clock.now < resetAgainAt { return }
        toReset = toReset.filter { !reset($0) }
        resetAgainAt = toReset.isEmpty ? nil : clock.now + .seconds(1)
    }

    /// The topic no longer has the offset: on to the earliest that it has, saying how many messages are gone.
    private func reset(_ partition: TopicPartition) -> Bool {
        attempt("\(partition) could not be reset") { () throws(KafkaError) in
            let (low, high) = try consumer.watermarks(of: partition, timeout: .seconds(5))
            let wanted = nextOffsets[partition]
            let skipped = wanted.map { max(0, low - $0) } ?? 0
            logger.warning(
                """
                \(partition) no longer has offset \(wanted.map(String.init) ?? "that was wanted") (it has \(low) to \
                \(high)): consumption goes on at \(low), \(skipped) messages were skipped
                """)
            metrics.offsetResets.increment()
            nextOffsets[partition] = low
            try consumer.seek(to: PartitionOffset(partition, offset: low))
        }
    }

    // MARK: Rebalances

    /// Called by the consumer on this thread, inside a poll.
    nonisolated func handle(_ event: KafkaConsumer.RebalanceEvent) {
        assumeIsolated { $0.rebalance(event) }
    }

    private func rebalance(_ event: KafkaConsumer.RebalanceEvent) {
        switch event {
        case .assigned(let partitions):
            metrics.rebalances.increment()
            lastEpoch += 1
            for partition in partitions { owned[partition] = lastEpoch }
            shareMembership()
            // The topic is there: errors without a partition were about that.
            works(failing.filter { $0.partition < 0 })
            toStart.formUnion(partitions)
            readStoredPositions()
            logger.info("partitions assigned", metadata: ["partitions": describe(partitions)])
        case .revoked(let partitions):
            // Still ours inside this handler: what the writer has in hand is finished, so that the next owner need not
            // repeat it.
            settleInHand(timeout: configuration.sessionTimeout / 2)
            commitSynchronously()
            giveUp(partitions)
            logger.info("partitions revoked", metadata: ["partitions": describe(partitions)])
        case .lost(let partitions):
            giveUp(partitions)
            logger.warning(
                "partitions lost: the group has not heard of this member for as long as input.session-timeout",
                metadata: ["partitions": describe(partitions)])
        }
    }

    private func giveUp(_ partitions: [TopicPartition]) {
        writer.revoke(owned.filter { partitions.contains($0.key) })
        for partition in partitions {
            owned[partition] = nil
            nextOffsets[partition] = nil
            state.setWaiting(partition, reason: nil)
            metrics.removeConsumerLag(topic: partition.topic, partition: partition.partition)
        }
        inbox.signal { $0.membership.owned = owned }
        toStart.subtract(partitions)
        toRewind.subtract(partitions)
        toReset.subtract(partitions)
        failing.subtract(partitions)
        heldForDeadLetters.subtract(partitions)
    }

    /// Tells the writer what is ours and by which membership, which a transaction has to name.
    private func shareMembership() {
        let group = try? consumer.groupMetadata()
        inbox.signal {
            $0.membership = IngestInbox.Membership(owned: owned, group: group?.isMember == true ? group : nil)
        }
    }

    /// Waits for the writer. A dead letter that is acknowledged but not committed would be published again: so for the
    /// reports of those that are on their way, too.
    private func settleInHand(timeout: Duration) {
        if isLeaving { return }
        if !inbox.wait(timeout: remaining(timeout), until: { $0.batchesInHand == 0 }) {
            logger.warning("what is being persisted did not finish in time: it will be consumed again")
        }
        _ = inbox.wait(timeout: remaining(timeout / 2)) { $0.lettersInHand == 0 }
    }

    /// As long as that, or what the end of the program leaves of it.
    private func remaining(_ timeout: Duration) -> Duration {
        closeBy.map { max(.zero, min(timeout, $0 - .now)) } ?? timeout
    }

    private func describe(_ partitions: [TopicPartition]) -> String {
        partitions.map(\.description).sorted().joined(separator: ",")
    }

    // MARK: Starting

    /// Asks the database, without holding the thread up, for the positions that it knows.
    private func readStoredPositions() {
        let epoch = lastEpoch
        guard let store else {
            inbox.signal { $0.put(.init(epoch: epoch, positions: [:], databaseID: nil)) }
            return
        }
        Task { [configuration, inbox, consumer, state, clock, repeated] in
            var pauses = Backoff()
            while !inbox.withLock({ $0.isStopping }) {
                do {
                    guard let schema = try await store.schemaState() else {
                        throw StoreError(.schema, "the database has no schema: run trustlog migrate")
                    }
                    let known = try await store.positions(group: configuration.group, topic: configuration.topic)
                    let positions = Dictionary(
                        known.map { (TopicPartition(topic: $0.topic, partition: $0.partition), $0.nextOffset) },
                        uniquingKeysWith: { $1 })
                    inbox.signal {
                        $0.put(.init(epoch: epoch, positions: positions, databaseID: schema.databaseID))
                    }
                    repeated.recovered(key: "positions", "the database tells where to begin")
                    consumer.wake()
                    return
                } catch {
                    state.setReachable(.database, problem: "\(error)")
                    repeated.log(level: .error, key: "positions", "the database cannot tell where to begin: \(error)")
                    await clock.sleep(until: clock.now + pauses.next())
                }
            }
        }
    }

    /// Begins to read the partitions whose starting positions can be decided now.
    private func startAssigned() {
        guard !toStart.isEmpty, let stored = inbox.withLock({ $0.stored }), stored.epoch == lastEpoch else { return }
        if let startAgainAt, clock.now < startAgainAt { return }
        metadata = stored.databaseID.map { .database($0) } ?? .noDatabase
        do {
            let committed = try consumer.committed(Array(toStart), timeout: .seconds(5))
            var positions: [PartitionOffset] = []
            for commit in committed {
                let partition = commit.topicPartition
                let start = StartPosition(
                    committed: commit, stored: stored.positions[partition], databaseID: stored.databaseID)
                if let warning = start.warning { logger.warning("\(warning)") }
                nextOffsets[partition] = start.offset
                positions.append(PartitionOffset(partition, offset: start.offset))
            }
            for position in positions where toRewind.contains(position.topicPartition) {
                try consumer.seek(to: position)
            }
            try consumer.start(positions)
            let started = positions.map(\.topicPartition)
            if isHeld { try consumer.pause(started) } else { try consumer.resume(started) }
            toStart.subtract(started)
            toRewind.subtract(started)
            startAgainAt = nil
            repeated.recovered(key: "offsets", "the group's offsets can be read again")
        } catch {
            startAgainAt = clock.now + .seconds(1)
            state.setReachable(.broker, problem: "the group's offsets cannot be read: \(error)")
            repeated.log(level: .error, key: "offsets", "the group's offsets cannot be read yet: \(error)")
        }
    }

    /// The writer gave up what it had of these partitions: they begin again as if they had just been assigned.
    private func rewindGivenUp() {
        let partitions = inbox.withLock { $0.takeRewinds(owned) }
        guard !partitions.isEmpty else { return }
        lastEpoch += 1
        for partition in partitions { owned[partition] = lastEpoch }
        shareMembership()
        toRewind.formUnion(partitions)
        toStart.formUnion(partitions)
        heldForDeadLetters.subtract(partitions)
        readStoredPositions()
    }

    // MARK: Commits

    private func takeCommittable(isLast: Bool) -> [PartitionOffset] {
        let (committable, transacted) = inbox.withLock { ($0.takeCommittable(owned), $0.takeTransacted(owned)) }
        for (partition, position) in committable { consumer.settled(partition, before: position) }
        for (partition, position) in transacted { consumer.settled(partition, before: position) }
        commits.add(committable, of: owned)
        return commits.take(owned, now: clock.now, isLast: isLast)
            .map { PartitionOffset($0.key, offset: $0.value, metadata: metadata.description) }
    }

    private func commitInBackground() {
        let offsets = takeCommittable(isLast: false)
        guard !offsets.isEmpty else { return }
        let isSent = attempt("offsets could not be committed yet") { () throws(KafkaError) in
            try consumer.commit(offsets, synchronously: false)
        }
        if !isSent { commits.failed(now: clock.now) }
    }

    /// Called by the consumer on this thread, inside a poll.
    nonisolated func handleCommit(_ offsets: [PartitionOffset], _ error: KafkaError?) {
        assumeIsolated { $0.committed(offsets, error) }
    }

    private func committed(_ offsets: [PartitionOffset], _ error: KafkaError?) {
        if let error {
            repeated.log(level: .warning, key: "commit", "offsets could not be committed yet: \(error)")
            commits.failed(now: clock.now)
        } else {
            repeated.recovered(key: "commit", "offsets are committed again")
            for offset in offsets { commits.confirmed(offset.topicPartition, position: offset.offset) }
        }
    }

    private func commitSynchronously(timeout: Duration = .seconds(5)) {
        let offsets = takeCommittable(isLast: true)
        guard !offsets.isEmpty else { return }
        attempt("offsets could not be committed (their messages will be seen as duplicates)") { () throws(KafkaError) in
            try consumer.commit(offsets, synchronously: true, timeout: remaining(timeout))
            for offset in offsets { commits.confirmed(offset.topicPartition, position: offset.offset) }
        }
    }

    @discardableResult
    private func attempt(_ problem: String, _ body: () throws(KafkaError) -> Void) -> Bool {
        do {
            try body()
            return true
        } catch {
            repeated.log(level: .warning, key: problem, "\(problem): \(error)")
            return false
        }
    }
}
