import BlockingExecutor
import KafkaClient
import Observability
import OperationStore
import TrustlogCore

/// Persists batches one after another, sends what is refused to the dead-letter topic, and tells the consumer's thread which
/// positions may be committed.
///
/// The order of every step is what guarantee 1 of the contract rests on: a position is written in the transaction of its
/// rows, or after the acknowledgement of a dead letter, and reaches Kafka only after that. A process that dies between any two
/// of them repeats messages, whose rows are then duplicates.
actor IngestWriter: BatchWriter {
    private enum Work: Sendable {
        case batch(ConsumedBatch)
        case settled([DeadLetter], [DeadLetterPublisher.Outcome])
        case revoked([TopicPartition: AssignmentEpoch])
    }

    private struct Progress {
        var epoch: AssignmentEpoch
        var position = PartitionProgress()
        /// What the database has; behind `position` after dead letters were acknowledged.
        var written: Int64?
        var pendingBytes = 0
        var isPaused = false
    }

    private let store: any OperationStore
    private let group: String
    private let initialStatus: IngestBatch.InitialStatus
    private let deadLetters: DeadLetterPublisher
    private let inbox: ConditionLock<IngestInbox>
    private let wakeConsumer: @Sendable () -> Void
    private let onPersisted: @Sendable () -> Void
    private let state: ServiceState
    private let metrics: TrustlogMetrics
    private let clock: any ServiceClock
    private let repeated: LogLimiter
    private let heartbeat: @Sendable () -> Void

    private let work: AsyncStream<Work>
    private let feed: AsyncStream<Work>.Continuation
    private var progress: [TopicPartition: Progress] = [:]
    private var isStopping = false
    /// A batch was given up: positions stay where they are, since any later one would pass its rows.
    private var hasGivenUp = false
    /// Ends a pause between two attempts when the program stops.
    private let wakeup = Wakeup()

    /// Dead letters of a partition that may be on their way before it is paused.
    private let pendingLimit = 1_000
    private let pendingBytesLimit = 4 << 20

    init(
        store: any OperationStore, group: String, initialStatus: IngestBatch.InitialStatus,
        deadLetters: DeadLetterPublisher, inbox: ConditionLock<IngestInbox>,
        wakeConsumer: @escaping @Sendable () -> Void,
        onPersisted: @escaping @Sendable () -> Void, state: ServiceState, metrics: TrustlogMetrics,
        clock: any ServiceClock, logger: Logger, heartbeat: @escaping @Sendable () -> Void
    ) {
        self.store = store
        self.group = group
        self.initialStatus = initialStatus
        self.deadLetters = deadLetters
        self.inbox = inbox
        self.wakeConsumer = wakeConsumer
        self.onPersisted = onPersisted
        self.state = state
        self.metrics = metrics
        self.clock = clock
        repeated = LogLimiter(logger: logger)
        self.heartbeat = heartbeat
        (work, feed) = AsyncStream.makeStream(of: Work.self)
    }

    /// Takes a batch; the caller counts it in ``IngestInbox/batchesInHand`` and never has more than two under way.
    nonisolated func accept(_ batch: ConsumedBatch) {
        feed.yield(.batch(batch))
    }

    /// Forgets assignments that are over: their dead letters are the next owner's to send.
    nonisolated func revoke(_ partitions: [TopicPartition: AssignmentEpoch]) {
        feed.yield(.revoked(partitions))
    }

    /// The inbox says that the program stops: what waits for the database looks at it now.
    nonisolated func interrupt() {
        wakeup.notify()
    }

    /// Ends ``run()`` after what was accepted and the dead letters that are under way; what database or broker cannot take
    /// now is left to the next owner.
    func close(deadline: Duration) async {
        isStopping = true
        wakeup.notify()
        finishWhenSettled()
        await deadLetters.close(deadline: deadline)
    }

    private func finishWhenSettled() {
        if isStopping && inbox.withLock({ $0.lettersInHand == 0 }) { feed.finish() }
    }

    func run() async {
        for await item in work {
            switch item {
            case .batch(let batch): await persist(batch)
            case .settled(let letters, let outcomes): await settle(letters, outcomes)
            case .revoked(let partitions):
                for (partition, epoch) in partitions where progress[partition].map({ $0.epoch <= epoch }) ?? false {
                    progress[partition] = nil
                    state.setWaiting(partition, reason: nil)
                    repeated.reset(key: waitingKey(partition))
                }
            }
        }
    }

    private var mustStop: Bool { isStopping || inbox.withLock { $0.isStopping } }

    // MARK: Batches

    private func persist(_ batch: ConsumedBatch) async {
        defer {
            inbox.signal { $0.batchesInHand -= 1 }
            wakeConsumer()
        }
        guard !hasGivenUp else { return }
        heartbeat()
        let rejected = batch.rejected.map { message, rejection in
            let original = batch.arena.original(at: message)
            return DeadLetter(
                message: original, rejection: rejection, epoch: batch.epochs[original.topicPartition] ?? 0)
        }
        let positions = advance(batch, rejected: rejected)
        send(rejected)
        guard let result = await insert(batch, positions: positions) else {
            hasGivenUp = true
            return
        }
        metrics.stageSeconds[.persist].observe((ContinuousClock.now - batch.begin).seconds)

        var inserted = 0
        var refused: [DeadLetter] = []
        for (row, outcome) in result.outcomes.enumerated() {
            switch outcome {
            case .inserted: inserted += 1
            case .duplicate: metrics.operationsDuplicate.increment()
            case .conflict: refused.append(letter(for: row, of: batch, Self.conflict))
            case .refused(let reason):
                refused.append(
                    letter(
                        for: row, of: batch,
                        Rejection(code: .unpersistable, message: "the database refuses it: \(reason)")))
            }
        }
        metrics.operationsPersisted.increment(by: inserted)
        for letter in refused {
            progress[letter.message.topicPartition]?.position.reject([letter.message.offset])
        }
        for position in result.positions {
            let partition = TopicPartition(topic: position.topic, partition: position.partition)
            progress[partition]?.written = position.nextOffset
            publish(position.nextOffset, of: partition, epoch: batch.epochs[partition] ?? 0)
        }
        send(refused)
        if inserted > 0 { onPersisted() }
    }

    private static let conflict = Rejection(
        code: .conflict, field: "opId", message: "an operation with this opId and other content was recorded before")

    private func letter(for row: Int, of batch: ConsumedBatch, _ rejection: Rejection) -> DeadLetter {
        let message = batch.arena.original(at: batch.messageOfRow[row])
        return DeadLetter(message: message, rejection: rejection, epoch: batch.epochs[message.topicPartition] ?? 0)
    }

    /// Moves the partitions of a batch on and returns the positions that its transaction may write.
    private func advance(_ batch: ConsumedBatch, rejected: [DeadLetter]) -> [ConsumerPosition] {
        let offsets = Dictionary(grouping: rejected, by: \.message.topicPartition)
        return batch.nextOffsets.map { partition, nextOffset in
            let epoch = batch.epochs[partition] ?? 0
            if progress[partition]?.epoch != epoch {
                progress[partition] = Progress(epoch: epoch)
            }
            let own = offsets[partition]?.map(\.message.offset) ?? []
            progress[partition]?.position.advance(to: nextOffset, rejected: own)
            return ConsumerPosition(
                topic: partition.topic, partition: partition.partition,
                nextOffset: progress[partition]?.position.position ?? nextOffset)
        }
    }

    /// Tries until the database takes the batch; `nil` when the program stops before.
    private func insert(_ batch: ConsumedBatch, positions: [ConsumerPosition]) async -> PersistResult? {
        let request = IngestBatch(group: group, initialStatus: initialStatus, rows: batch.rows, positions: positions)
        var pauses = Backoff()
        while true {
            heartbeat()
            do {
                let result = try await store.persist(request)
                state.setReachable(.database, problem: nil)
                repeated.recovered(key: "persist", "operations are persisted again")
                return result
            } catch {
                state.setReachable(.database, problem: "\(error)")
                repeated.log(level: .error, key: "persist", "operations cannot be persisted yet: \(error)")
                if mustStop { return nil }
                await wakeup.wait(timeout: pauses.next(), clock: clock)
            }
        }
    }

    // MARK: Dead letters

    private func send(_ letters: [DeadLetter]) {
        let letters = letters.filter { progress[$0.message.topicPartition]?.epoch == $0.epoch }
        guard !letters.isEmpty else { return }
        for letter in letters {
            progress[letter.message.topicPartition]?.pendingBytes += letter.message.size
        }
        pauseCrowdedPartitions()
        inbox.signal { $0.lettersInHand += 1 }
        Task { [deadLetters, feed] in
            let outcomes = await deadLetters.publish(letters)
            feed.yield(.settled(letters, outcomes))
        }
    }

    private func settle(_ letters: [DeadLetter], _ outcomes: [DeadLetterPublisher.Outcome]) async {
        defer {
            inbox.signal { $0.lettersInHand -= 1 }
            finishWhenSettled()
        }
        var failed: [DeadLetter] = []
        for (letter, outcome) in zip(letters, outcomes) {
            let partition = letter.message.topicPartition
            // Letters of an assignment that is over: its partitions start again from what was committed.
            guard progress[partition]?.epoch == letter.epoch else { continue }
            progress[partition]?.pendingBytes -= letter.message.size
            switch outcome {
            case .acknowledged:
                progress[partition]?.position.acknowledge(letter.message.offset)
            case .failed(let reason):
                failed.append(letter)
                tellWaiting(partition, reason)
            }
        }
        if !failed.isEmpty { sendAgain(failed) }
        await writePositions()
    }

    private func tellWaiting(_ partition: TopicPartition, _ reason: String) {
        state.setWaiting(partition, reason: reason)
        state.recordError(reason)
        guard !mustStop else { return }
        repeated.log(
            level: .error, key: waitingKey(partition),
            "\(partition) waits: a dead letter cannot be stored yet: \(reason)")
    }

    private func waitingKey(_ partition: TopicPartition) -> String { "waiting \(partition)" }

    /// The partition waits until its dead letter is stored, however long that takes; the others go on.
    private func sendAgain(_ letters: [DeadLetter]) {
        pause(Set(letters.map(\.message.topicPartition)))
        guard !isStopping else { return }
        Task { [clock, self] in
            await clock.sleep(until: clock.now + .seconds(2))
            if !isStopping { send(letters) }
        }
    }

    /// Positions that moved because dead letters were acknowledged: into the database first, then to Kafka.
    private func writePositions() async {
        guard !hasGivenUp else { return }
        let moved = progress.filter { $0.value.written != $0.value.position.position }
        guard !moved.isEmpty else { return }
        let positions = moved.map { partition, progress in
            ConsumerPosition(
                topic: partition.topic, partition: partition.partition, nextOffset: progress.position.position)
        }
        var pauses = Backoff()
        while true {
            heartbeat()
            do {
                try await store.advance(positions, group: group)
                break
            } catch {
                state.setReachable(.database, problem: "\(error)")
                if mustStop { return }
                await wakeup.wait(timeout: pauses.next(), clock: clock)
            }
        }
        for (partition, moved) in moved where progress[partition]?.epoch == moved.epoch {
            progress[partition]?.written = moved.position.position
            publish(moved.position.position, of: partition, epoch: moved.epoch)
        }
        resumeSettledPartitions()
        wakeConsumer()
    }

    private func publish(_ position: Int64, of partition: TopicPartition, epoch: AssignmentEpoch) {
        inbox.signal { $0.put(position, of: partition, epoch: epoch) }
    }

    // MARK: Flow

    private func pauseCrowdedPartitions() {
        pause(
            Set(
                progress.filter {
                    $0.value.position.unacknowledged.count > pendingLimit || $0.value.pendingBytes > pendingBytesLimit
                }.keys))
    }

    private func pause(_ partitions: Set<TopicPartition>) {
        let new = partitions.filter { progress[$0]?.isPaused == false }
        guard !new.isEmpty else { return }
        for partition in new { progress[partition]?.isPaused = true }
        let epochs = epochs(of: new)
        inbox.signal { $0.pause(epochs) }
        wakeConsumer()
    }

    private func resumeSettledPartitions() {
        let settled = progress.filter { $0.value.position.unacknowledged.isEmpty }.map(\.key)
        for partition in settled {
            state.setWaiting(partition, reason: nil)
            repeated.recovered(key: waitingKey(partition), "\(partition) goes on: its dead letters are stored")
        }
        let paused = settled.filter { progress[$0]?.isPaused == true }
        guard !paused.isEmpty else { return }
        for partition in paused { progress[partition]?.isPaused = false }
        let epochs = epochs(of: paused)
        inbox.signal { $0.resume(epochs) }
    }

    private func epochs(of partitions: some Sequence<TopicPartition>) -> [TopicPartition: AssignmentEpoch] {
        Dictionary(partitions.compactMap { key in progress[key].map { (key, $0.epoch) } }) { $1 }
    }
}
