import Dispatch
package import KafkaClient
package import Observability
import OperationStore
import Synchronization
package import TrustlogCore

/// Signs records and publishes them: the one way by which cursor worker, retry worker and replay reach the trustlog topic.
///
/// Signing is the expensive part and spreads over lanes, one a core. A record's lane is chosen by its `doid`, each lane signs
/// and produces in the order submitted, so records of one key reach the topic in that order.
package final class RecordPublisher: Sendable {
    private let channel: OutboundChannel
    private let topicName: String
    private let key: ServiceConfiguration.OutputKey
    private let headers: MessageHeaders
    private let encoder: EnvelopeEncoder
    private let lanes: [DispatchQueue]
    private let metrics: TrustlogMetrics
    private let judge = Mutex(RefusalJudge())
    package let breaker: CircuitBreaker

    /// - Throws: an error of librdkafka where the topic's name is not one.
    package init(
        channel: OutboundChannel, output: ServiceConfiguration.Output, topic: String? = nil, encoder: EnvelopeEncoder,
        laneCount: Int, breaker: CircuitBreaker, metrics: TrustlogMetrics
    ) throws(KafkaError) {
        self.channel = channel
        self.topicName = topic ?? output.topic
        _ = try channel.producer.topic(self.topicName)
        self.key = output.key
        self.headers = MessageHeaders(source: output.source)
        self.encoder = encoder
        self.lanes = (0..<max(1, laneCount)).map { DispatchQueue(label: "trustlog.sign-\($0)") }
        self.breaker = breaker
        self.metrics = metrics
    }

    /// Hands records over and returns at once; the outcomes come from the submission. Records of one key that are submitted
    /// one after another (by one caller, or in one call) are produced in that order.
    package func submit(_ records: [PublishableRecord]) -> Submission {
        let producer = channel.producer
        let batch = producer.batch(count: records.count)
        let failures = SigningFailures()
        let begin = ContinuousClock.now
        for (lane, indices) in shard(records).enumerated() where !indices.isEmpty {
            lanes[lane].async { [self] in
                signAndProduce(records, indices, with: producer, batch, failures)
            }
        }
        return Submission(publisher: self, records: records, batch: batch, failures: failures, begin: begin)
    }

    /// Why nothing is acknowledged, if no broker answers.
    package var unreachable: String? {
        guard channel.producer.isAnyBrokerUp == false else { return nil }
        return "no broker answers" + (channel.producer.lastError.map { ": \($0)" } ?? "")
    }

    /// Opens the circuit because what was handed over waits in the client, and counts that as one failure.
    package func stalled(reason: String) {
        if breaker.stalled(reason: reason) { metrics.publishFailures[.outage].increment() }
    }

    /// Gives up what waits in the client and is not on its way to a broker: it settles as `notSent`.
    package func giveUpQueued() {
        channel.purgeQueued()
    }

    private func shard(_ records: [PublishableRecord]) -> [[Int]] {
        var shards = Array(repeating: [Int](), count: lanes.count)
        for (index, record) in records.enumerated() {
            shards[Int(stableHash(record.stored.operation.doid) % UInt64(lanes.count))].append(index)
        }
        return shards
    }

    private func signAndProduce(
        _ records: [PublishableRecord], _ indices: [Int], with producer: KafkaProducer, _ batch: DeliveryBatch,
        _ failures: SigningFailures
    ) {
        let begin = ContinuousClock.now
        guard let topic = try? producer.topic(topicName) else {
            // It is closed.
            for index in indices { batch.fail(index) }
            return
        }
        var list = HeaderList()
        for index in indices {
            if channel.isClosing {
                batch.fail(index)
                continue
            }
            do {
                try produce(
                    records[index], with: producer, topic: topic, headers: &list, batch: batch, index: index)
            } catch {
                failures.add(index, error.description)
                batch.fail(index)
            }
        }
        metrics.stageSeconds[.sign].observe((ContinuousClock.now - begin).seconds)
    }

    private func produce(
        _ record: PublishableRecord, with producer: KafkaProducer, topic: ProducerTopic, headers list: inout HeaderList,
        batch: DeliveryBatch, index: Int
    ) throws(SigningError) {
        let operation = record.stored.operation
        let envelope = try encoder.encode(record: Record.encode(operation, source: record.stored.source))
        list.removeAll()
        headers.append(for: record, to: &list)
        producer.produceWaiting(
            topic: topic, key: key == .doid ? Array(operation.doid.utf8) : nil, value: envelope, headers: list,
            batch: batch, index: index, isClosing: { channel.isClosing })
    }

    /// Records handed over, and their outcomes to come.
    package struct Submission: Sendable {
        fileprivate let publisher: RecordPublisher
        package let records: [PublishableRecord]
        fileprivate let batch: DeliveryBatch
        fileprivate let failures: SigningFailures
        fileprivate let begin: ContinuousClock.Instant

        /// One outcome a record, in their order. It returns when every record is acknowledged or has failed; while brokers
        /// are away it waits for them. A record refused with others is sent once more, alone, before it is blamed.
        package func outcomes() async -> [PublishOutcome] {
            await publisher.outcomes(of: self)
        }
    }

    private func outcomes(of submission: Submission) async -> [PublishOutcome] {
        let results = await submission.batch.results()
        metrics.stageSeconds[.produce].observe((ContinuousClock.now - submission.begin).seconds)
        var outcomes: [PublishOutcome] = []
        outcomes.reserveCapacity(results.count)
        for (index, result) in results.enumerated() {
            switch result {
            case .delivered(let partition, let offset):
                outcomes.append(.acknowledged(partition: partition, offset: offset))
            case .notSent:
                let problem = submission.failures.message(at: index)
                outcomes.append(problem.map { .outage(message: "signing failed: \($0)") } ?? .notSent)
            case .failed(let error, _):
                switch FailureKind(error) {
                case .suspect: outcomes.append(await publishAlone(submission.records[index]))
                case .outage: outcomes.append(outage(error))
                }
            }
        }
        letOff(&outcomes, submission.records)
        tell(outcomes)
        return outcomes
    }

    /// What is wrong for everybody is no record's fault.
    private func letOff(_ outcomes: inout [PublishOutcome], _ records: [PublishableRecord]) {
        let isTaken = outcomes.contains { if case .acknowledged = $0 { true } else { false } }
        let refused = outcomes.indices.filter { if case .refused(.refused, _) = outcomes[$0] { true } else { false } }
        let isEverybodys = judge.withLock { judge in
            if isTaken { judge.taken() }
            return !isTaken && !refused.isEmpty && judge.refused(refused.map { records[$0].opId })
        }
        guard isEverybodys else { return }
        for index in refused {
            guard case .refused(_, let message) = outcomes[index] else { continue }
            outcomes[index] = .outage(message: "\(message) (as every other record)")
        }
    }

    /// Closes or opens the circuit by what the broker says of the topic: for when there is no record to probe with.
    package func probe() async {
        do throws(KafkaError) {
            let admin = try channel.makeAdmin()
            let metadata: Result<[TopicMetadata], KafkaError>
            do throws(KafkaError) {
                metadata = .success(try await admin.metadata([topicName], timeout: .seconds(5)))
            } catch {
                metadata = .failure(error)
            }
            await admin.close()
            if let error = try metadata.get().first?.error { throw error }
            breaker.succeeded()
        } catch {
            metrics.publishFailures[.outage].increment()
            breaker.failed(reason: "topic \(topicName): \(error)")
        }
    }

    /// The last word on a record that was refused together with others.
    private func publishAlone(_ record: PublishableRecord) async -> PublishOutcome {
        do {
            let producer = try channel.solitaryProducer()
            let topic = try producer.topic(topicName)
            let batch = producer.batch(count: 1)
            lanes[0].async { [self] in
                var list = HeaderList()
                do {
                    try produce(record, with: producer, topic: topic, headers: &list, batch: batch, index: 0)
                } catch {
                    batch.fail(0)
                }
            }
            switch await batch.results().first ?? .notSent {
            case .delivered(let partition, let offset): return .acknowledged(partition: partition, offset: offset)
            case .notSent: return .notSent
            case .failed(let error, _):
                guard case .suspect(let refusal) = FailureKind(error) else { return outage(error) }
                return .refused(refusal, message: "topic \(topicName) refuses it: \(error)")
            }
        } catch {
            return outage(error)
        }
    }

    private func outage(_ error: KafkaError) -> PublishOutcome {
        let ours = [KafkaError.purgedFromQueue, KafkaError.purgedInFlight, KafkaError.clientClosed]
        return ours.contains(error.code) ? .notSent : .outage(message: "topic \(topicName): \(error)")
    }

    /// Opens or closes the circuit by what the outcomes say, and counts failures.
    private func tell(_ outcomes: [PublishOutcome]) {
        var isAnswered = false
        for outcome in outcomes {
            switch outcome {
            case .acknowledged: isAnswered = true
            case .refused(let refusal, _):
                isAnswered = true
                metrics.publishFailures[refusal == .tooLarge ? .tooLarge : .refused].increment()
            case .outage(let message):
                metrics.publishFailures[.outage].increment()
                breaker.failed(reason: message)
                return
            case .notSent: break
            }
        }
        if isAnswered { breaker.succeeded() }
    }
}

/// FNV-1a over the UTF-8: the same in every process, unlike Swift's seeded hashes.
func stableHash(_ text: String) -> UInt64 {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in text.utf8 {
        hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3
    }
    return hash
}

extension Duration {
    /// In seconds, for metrics.
    var seconds: Double {
        Double(components.seconds) + Double(components.attoseconds) / 1e18
    }
}
