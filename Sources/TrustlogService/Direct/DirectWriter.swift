import BlockingExecutor
import KafkaClient
import Observability
import Synchronization
import TrustlogCore

/// Publishes what was consumed without a database (contract, section 6, `trustlog-only`): records, dead letters and consumed
/// offsets in one Kafka transaction.
///
/// A transaction names the membership by which its messages were consumed, so that a group which has given their partitions
/// to another member refuses it: whoever was paused or cut off can only abort. What a reader of committed messages sees is
/// therefore there exactly once. A transaction that fails because of a message is repeated in halves until that message is
/// alone; one that fails for everybody is repeated unchanged, after growing pauses.
actor DirectWriter: BatchWriter {
    private typealias Signing = Task<Result<[[UInt8]], SigningError>, Never>

    private struct Work: Sendable {
        var batch: ConsumedBatch
        var signing: Signing
    }

    private enum Step {
        case done
        /// To be published next, in this order.
        case again([[DirectItem]])
        case giveUp
    }

    private let session: TransactionSession
    private let signer: ParallelSigner
    private let production: DirectProduction
    private let deadLetterTopic: DeadLetterTopicWatch
    private let inbox: ConditionLock<IngestInbox>
    private let wakeConsumer: @Sendable () -> Void
    private let breaker: CircuitBreaker
    private let state: ServiceState
    private let metrics: TrustlogMetrics
    private let clock: any ServiceClock
    private let logger: Logger
    private let repeated: LogLimiter
    private let heartbeat: @Sendable () -> Void

    private let work: AsyncStream<Work>
    private let feed: AsyncStream<Work>.Continuation
    /// The batch that is being published, and the next.
    private let inHand = Mutex<[Work]>([])
    /// Ends a pause when the program stops.
    private let wakeup = Wakeup()
    private var pauses = Backoff(initial: .milliseconds(100), limit: .seconds(10))
    private var isStopping = false
    /// Assignments whose messages in hand were given up: they come again by a later one.
    private var givenUp: [TopicPartition: AssignmentEpoch] = [:]
    /// Partitions that `status` says wait for the dead-letter topic.
    private var waiting: Set<TopicPartition> = []
    /// A record that the topic has taken, to tell whether it refuses one or all.
    private var lastTaken: DirectBatch?
    /// How many transactions in a row had to be repeated for a gap, or because the group did not know this member.
    private var repairs = 0
    private var strangerCount = 0

    /// A transaction that follows one which was aborted may fail for the gap that this left in the sequence, whatever it
    /// holds: so many times in a row it is repeated at once.
    private static let repairLimit = 4

    init(
        session: TransactionSession, signer: ParallelSigner, production: DirectProduction,
        deadLetterTopic: DeadLetterTopicWatch, inbox: ConditionLock<IngestInbox>,
        wakeConsumer: @escaping @Sendable () -> Void, breaker: CircuitBreaker, state: ServiceState,
        metrics: TrustlogMetrics, clock: any ServiceClock, logger: Logger, heartbeat: @escaping @Sendable () -> Void
    ) {
        self.session = session
        self.signer = signer
        self.production = production
        self.deadLetterTopic = deadLetterTopic
        self.inbox = inbox
        self.wakeConsumer = wakeConsumer
        self.breaker = breaker
        self.state = state
        self.metrics = metrics
        self.clock = clock
        self.logger = logger
        repeated = LogLimiter(logger: logger)
        self.heartbeat = heartbeat
        (work, feed) = AsyncStream.makeStream(of: Work.self)
    }

    /// While one batch is in its transaction, the next one is signed.
    nonisolated func accept(_ batch: ConsumedBatch) {
        let signing = Signing { [signer] in await Self.sign(batch, signer) }
        let item = Work(batch: batch, signing: signing)
        inHand.withLock { $0.append(item) }
        feed.yield(item)
    }

    private static func sign(_ batch: ConsumedBatch, _ signer: ParallelSigner) async -> Result<[[UInt8]], SigningError>
    {
        do throws(SigningError) {
            return .success(try await signer.sign(batch.rows))
        } catch {
            return .failure(error)
        }
    }

    /// Each transaction looks at what is still assigned; one that waits looks now.
    nonisolated func revoke(_ partitions: [TopicPartition: AssignmentEpoch]) {
        wakeup.notify()
    }

    nonisolated func interrupt() {
        wakeup.notify()
    }

    func run() async {
        for await item in work {
            await publish(item)
            inHand.withLock { _ = $0.removeFirst() }
            inbox.signal { $0.batchesInHand -= 1 }
            wakeConsumer()
        }
    }

    func close(deadline: Duration) async {
        isStopping = true
        wakeup.notify()
        feed.finish()
        await session.close(deadline: deadline)
    }

    private var mustStop: Bool { isStopping || inbox.withLock { $0.isStopping } }

    // MARK: Batches

    private func publish(_ item: Work) async {
        guard let batch = await signed(item) else { return }
        var pieces: [[DirectItem]] = batch.isolating(largerThan: await session.largestSafeSize()).reversed()
        var blocked = BlockedPartitions()
        var hasTakenRecord = false
        while let piece = pieces.popLast() {
            heartbeat()
            let membership = inbox.withLock { $0.membership }
            let items = piece.filter { isCurrent($0, of: batch, membership) && !blocked.holds($0) }
            guard !items.isEmpty else { continue }
            switch await transact(items, of: batch, membership, &blocked, hasTakenRecord) {
            case .done: hasTakenRecord = hasTakenRecord || items.contains(where: \.isRecord)
            case .again(let next): pieces += next.reversed()
            case .giveUp: pieces.removeAll()
            }
        }
        if !blocked.isEmpty { wait(for: blocked, of: batch) }
        metrics.endToEnd(of: batch)
    }

    /// Waits for the signatures; what cannot be signed is nobody's fault and waits.
    private func signed(_ item: Work) async -> DirectBatch? {
        var result = await item.signing.value
        while true {
            switch result {
            case .success(let envelopes): return DirectBatch(item.batch, envelopes: envelopes)
            case .failure(let error):
                guard await pause("signing failed: \(error)") else { return nil }
                result = await Self.sign(item.batch, signer)
            }
        }
    }

    private func isCurrent(
        _ item: DirectItem, of batch: DirectBatch, _ membership: IngestInbox.Membership
    ) -> Bool {
        guard let epoch = batch.consumed.epochs[item.partition], membership.owned[item.partition] == epoch else {
            return false
        }
        return givenUp[item.partition].map { $0 < epoch } ?? true
    }

    // MARK: Transactions

    private func transact(
        _ items: [DirectItem], of batch: DirectBatch, _ membership: IngestInbox.Membership,
        _ blocked: inout BlockedPartitions, _ hasTakenRecord: Bool
    ) async -> Step {
        guard let group = membership.group else {
            return await pause("this member of the group is being replaced", isOutage: false)
                ? .again([items]) : .giveUp
        }
        let begin = ContinuousClock.now
        let outcome = await session.run(count: items.count, offsets: offsets(after: items), group: group) {
            [production, session] producer, deliveries in
            production.produce(items, of: batch, with: producer, deliveries) { session.isClosing }
        }
        switch outcome {
        case .committed:
            metrics.stageSeconds[.produce].observe((ContinuousClock.now - begin).seconds)
            committed(items, of: batch)
            return .done
        case .ended(let error):
            logger.error("a transaction ended its producer, another one takes over: \(error)")
            return await recover("a transaction failed: \(error)")
        case .aborted(let results, let error):
            return await aborted(items, of: batch, results, error, &blocked, hasTakenRecord)
        }
    }

    private func offsets(after items: [DirectItem]) -> [PartitionOffset] {
        var next: [TopicPartition: Int64] = [:]
        for item in items { next[item.partition] = item.nextOffset }
        return next.map { PartitionOffset($0.key, offset: $0.value, metadata: CommitMetadata.noDatabase.description) }
    }

    private func committed(_ items: [DirectItem], of batch: DirectBatch) {
        pauses.reset()
        repairs = 0
        strangerCount = 0
        breaker.succeeded()
        state.setReachable(.broker, problem: nil)
        var records = 0
        for item in items {
            if let rejection = item.rejection {
                if let code = TrustlogMetrics.DeadLetterCode(rawValue: rejection.code.rawValue) {
                    metrics.deadLettered[code].increment()
                }
            } else {
                records += 1
            }
            if waiting.remove(item.partition) != nil {
                state.setWaiting(item.partition, reason: nil)
                repeated.recovered(
                    key: "waiting \(item.partition)", "\(item.partition) goes on: its dead letters are stored")
            }
        }
        metrics.recordsPublished[.direct].increment(by: records)
        let positions = offsets(after: items)
        inbox.signal { inbox in
            for position in positions {
                guard let next = position.offset, let epoch = batch.consumed.epochs[position.topicPartition] else {
                    continue
                }
                inbox.putTransacted(next, of: position.topicPartition, epoch: epoch)
            }
        }
        if let sample = DirectBatch(sampleOf: items, of: batch) { lastTaken = sample }
    }

    // MARK: Failures

    private func aborted(
        _ items: [DirectItem], of batch: DirectBatch, _ results: [DeliveryResult], _ error: KafkaError?,
        _ blocked: inout BlockedPartitions, _ hasTakenRecord: Bool
    ) async -> Step {
        let failures = DirectFailures(
            items, results, error, output: production.output, deadLetters: production.deadLetters)
        switch failures.cause {
        case .refusal(let refusal, let message):
            if items.count > 1 { return .again(failures.split(items)) }
            return await refused(items[0], of: batch, refusal, message, &blocked, hasTakenRecord)
        case .deadLetterTopic(let message):
            for item in items where !item.isRecord { blocked.block(item, reason: message) }
            return .again([items])
        case .gap(let message):
            repairs += 1
            if repairs <= Self.repairLimit { return .again([items]) }
            return await pause(message) ? .again([items]) : .giveUp
        case .membership(let message):
            strangerCount += 1
            if strangerCount > Self.repairLimit { return await recover(message) }
            return await pause(message, isOutage: false) ? .again([items]) : .giveUp
        case .outage(let message):
            return await pause(message) ? .again([items]) : .giveUp
        }
    }

    /// One message was refused alone.
    private func refused(
        _ item: DirectItem, of batch: DirectBatch, _ refusal: PublishOutcome.Refusal, _ message: String,
        _ blocked: inout BlockedPartitions, _ hasTakenRecord: Bool
    ) async -> Step {
        var item = item
        switch item.content {
        case .record:
            if refusal != .tooLarge, !hasTakenRecord, !(await topicTakesOthers(than: item, of: batch)) {
                return await pause("\(message); it refuses others as well") ? .again([[item]]) : .giveUp
            }
            metrics.publishFailures[refusal == .tooLarge ? .tooLarge : .refused].increment()
            item.content = .deadLetter(Rejection(code: .unpublishable, message: message), .whole)
        case .deadLetter(let rejection, let form):
            guard let smaller = form.smaller else {
                blocked.block(item, reason: message)
                return .done
            }
            if form == .whole { tellOfNotice(item, of: batch, message) }
            item.content = .deadLetter(rejection, smaller)
        }
        return .again([[item]])
    }

    /// Whether the topic takes other records, tried in transactions that are aborted: then what it refuses now is refused for
    /// a reason of its own.
    private func topicTakesOthers(than item: DirectItem, of batch: DirectBatch) async -> Bool {
        var samples = [lastTaken].compactMap(\.self)
        let others = batch.items.filter { $0.isRecord && $0.message != item.message }
        samples += [others.prefix(1), others.suffix(1)].compactMap { DirectBatch(sampleOf: Array($0), of: batch) }
        if let next = await nextBatch(), let sample = DirectBatch(sampleOf: next.items, of: next) {
            samples.append(sample)
        }
        for sample in samples where await isTaken(sample) { return true }
        return false
    }

    private func nextBatch() async -> DirectBatch? {
        guard let next = inHand.withLock({ $0.dropFirst().first }),
            case .success(let envelopes) = await next.signing.value
        else { return nil }
        return DirectBatch(next.batch, envelopes: envelopes)
    }

    private func isTaken(_ sample: DirectBatch) async -> Bool {
        heartbeat()
        let outcome = await session.probe(count: sample.items.count) { [production, session] producer, deliveries in
            production.produce(sample.items, of: sample, with: producer, deliveries) { session.isClosing }
        }
        guard case .aborted(let results, nil) = outcome else { return false }
        return !results.isEmpty && results.allSatisfy(\.isDelivered)
    }

    private func tellOfNotice(_ item: DirectItem, of batch: DirectBatch, _ message: String) {
        let entry = batch.consumed.arena.entries[item.message]
        logger.error(
            """
            the dead-letter topic \(production.deadLetters) refuses a message for its size: it gets a notice without the \
            value; the original stays in \(entry.topic) until its retention ends
            """,
            metadata: [
                "topic": entry.topic, "partition": String(entry.partition), "offset": String(entry.offset),
                "bytes": String(entry.value?.count ?? 0), "reason": message,
            ])
    }

    /// Everybody's trouble, or nobody's: nothing is counted. Returns false where the program stops.
    private func pause(_ reason: String, isOutage: Bool = true) async -> Bool {
        if mustStop { return false }
        if isOutage {
            metrics.publishFailures[.outage].increment()
            breaker.failed(reason: reason)
            state.recordError(reason)
        }
        await wakeup.wait(timeout: pauses.next(), clock: clock)
        return true
    }

    /// Another producer takes over, and consumption goes back to where the group stands: what the last transaction came to
    /// stands there.
    private func recover(_ reason: String) async -> Step {
        if !mustStop { state.recordError(reason) }
        strangerCount = 0
        let owned = inbox.withLock { $0.membership.owned }
        givenUp.merge(owned) { max($0, $1) }
        while !mustStop {
            do throws(KafkaError) {
                try await session.prepare()
                break
            } catch {
                _ = await pause("no transaction can be begun: \(error)")
            }
        }
        inbox.signal { $0.rewind(owned) }
        wakeConsumer()
        return .giveUp
    }

    // MARK: A dead-letter topic that is away

    /// The partition waits until its dead letter may be stored, however long that takes; the others go on.
    private func wait(for blocked: BlockedPartitions, of batch: DirectBatch) {
        var partitions: [TopicPartition: AssignmentEpoch] = [:]
        for (partition, reason) in blocked.reasons {
            guard let epoch = batch.consumed.epochs[partition] else { continue }
            partitions[partition] = epoch
            givenUp[partition] = epoch
            waiting.insert(partition)
            state.setWaiting(partition, reason: reason)
            state.recordError(reason)
            repeated.log(
                level: .error, key: "waiting \(partition)",
                "\(partition) waits: a dead letter cannot be stored yet: \(reason)")
        }
        inbox.signal { $0.pause(partitions) }
        wakeConsumer()
        Task { [deadLetterTopic, inbox, wakeConsumer] in
            await deadLetterTopic.waitUntilThere { inbox.withLock { $0.isStopping } }
            inbox.signal { $0.rewind(partitions) }
            wakeConsumer()
        }
    }
}

/// Partitions whose dead letter cannot be stored, each from that message on.
private struct BlockedPartitions {
    private var first: [TopicPartition: Int] = [:]
    private(set) var reasons: [TopicPartition: String] = [:]

    var isEmpty: Bool { first.isEmpty }

    mutating func block(_ item: DirectItem, reason: String) {
        if let first = first[item.partition], first <= item.message { return }
        first[item.partition] = item.message
        reasons[item.partition] = reason
    }

    func holds(_ item: DirectItem) -> Bool {
        first[item.partition].map { item.message >= $0 } ?? false
    }
}

extension TrustlogMetrics {
    fileprivate func endToEnd(of batch: DirectBatch) {
        let seconds = (ContinuousClock.now - batch.consumed.begin).seconds
        for _ in batch.envelopes { endToEndSeconds.observe(seconds) }
    }
}
