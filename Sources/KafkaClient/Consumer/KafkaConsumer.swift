package import BlockingExecutor
import CRdKafka
package import Observability
import Synchronization

/// A member of a consumer group.
///
/// Every method has to be called on the thread of ``executor`` (an actor returns it as its `unownedExecutor`), but for
/// ``wake()``, ``lag()``, ``isAnyBrokerUp`` and ``lastError``. Handlers are called on that thread, inside
/// ``consume(maxMessages:maxBytes:timeout:_:onError:)`` and ``close(deadline:)``.
// @unchecked: `progress` is only touched on the executor's thread.
package final class KafkaConsumer: @unchecked Sendable {
    package let executor: BlockingExecutor

    struct Handles: Sendable {
        var client: ClientHandle
        var queue: QueueHandle
    }

    let logger: Logger
    let onRebalance: @Sendable (RebalanceEvent) -> Void
    let onCommit: @Sendable ([PartitionOffset], KafkaError?) -> Void
    let context: ConsumerContext
    let assignment = Mutex(Assignment())
    let commits = Mutex(PendingCommits())
    /// `nil` once closed. Threads other than the executor's use them inside the lock only.
    let handles: Mutex<Handles?>
    let waker: PollWaker
    /// Where the messages consumed since the last flush stand; only touched on the executor's thread.
    var progress = ConsumeProgress()

    /// - Parameters:
    ///   - instanceID: makes it a static member (KIP-345): a restart within the session causes no rebalance.
    ///   - onCommit: the outcome of each asynchronous commit.
    /// - Throws: an error that names the property librdkafka refuses, never a secret value.
    package init(
        configuration: KafkaConfiguration, group: String, instanceID: String?, sessionTimeout: Duration,
        logger: Logger,
        onRebalance: @escaping @Sendable (RebalanceEvent) -> Void,
        onCommit: @escaping @Sendable ([PartitionOffset], KafkaError?) -> Void = { _, _ in }
    ) throws(KafkaError) {
        let properties = try ConfigurationHandle(
            defaults: ConsumerProperties.defaults(sessionTimeout: sessionTimeout),
            configuration: configuration,
            guarded: ConsumerProperties.guarded(
                group: group, instanceID: instanceID, sessionTimeout: sessionTimeout))
        ConsumerContext.installCallbacks(properties)
        let context = ConsumerContext(log: LibraryLog(logger: logger), health: BrokerHealth())
        let client = try ClientHandle(type: RD_KAFKA_CONSUMER, configuration: properties, context: context)
        // Errors, statistics and rebalances come by the queue of the messages.
        rd_kafka_poll_set_consumer(client.pointer)
        let queue = QueueHandle(pointer: rd_kafka_queue_get_consumer(client.pointer))

        self.executor = BlockingExecutor(name: "kafka-consumer")
        self.logger = logger
        self.onRebalance = onRebalance
        self.onCommit = onCommit
        self.context = context
        self.handles = Mutex(Handles(client: client, queue: queue))
        self.waker = PollWaker(queue)
        context.consumer = self
        executor.onEnqueue { [waker] in waker.wakeIfPolling() }
        warnOfCooperativeAssignor(configuration)
    }

    /// One that was not closed gives nothing back: its group notices at the end of the session.
    deinit {
        executor.onEnqueue(nil)
        waker.close()
        guard let handles = handles.withLock({ $0.take() }) else { return }
        rd_kafka_queue_destroy(handles.queue.pointer)
        handles.client.destroy(flags: RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE)
    }

    private func warnOfCooperativeAssignor(_ configuration: KafkaConfiguration) {
        let strategy = configuration.properties["partition.assignment.strategy"] ?? ""
        guard strategy.contains("cooperative"), !KafkaLibrary.hasSoundCooperativeAssignor else { return }
        logger.warning(
            "librdkafka before 2.10.1 can lose partitions with a cooperative assignor: use range or roundrobin",
            metadata: ["librdkafka": KafkaLibrary.version])
    }

    // MARK: Subscription

    package func subscribe(to topics: [String]) throws(KafkaError) {
        let client = try open().client
        let list = PartitionList(topics.map { TopicPartition(topic: $0, partition: -1) })
        try list.check { rd_kafka_subscribe(client.pointer, $0) }
    }

    /// Leaves the group; its partitions are revoked in the next polls.
    package func unsubscribe() throws(KafkaError) {
        try KafkaError.check(rd_kafka_unsubscribe(open().client.pointer))
    }

    // MARK: Consuming

    /// Waits for one message, up to `timeout`, then takes what is there already, up to `maxMessages` or until `maxBytes` of
    /// keys and values are reached. It returns at once when a job arrives at the executor, or after ``wake()``.
    ///
    /// It has to be called often enough, also while everything is paused: handlers run inside it, and a consumer that does
    /// not poll for `max.poll.interval.ms` is expelled from its group.
    /// - Parameter body: receives each message in librdkafka's memory.
    /// - Returns: how many messages `body` received.
    /// - Throws: an error that ended this consumer (`isFatal`), or that it is closed.
    package func consume(
        maxMessages: Int, maxBytes: Int, timeout: Duration,
        _ body: (borrowing ConsumedMessage) -> Void,
        onError: (PartitionError) -> Void
    ) throws(KafkaError) -> Int {
        let handles = try open()
        if let error = handles.client.fatalError { throw error }
        waker.beginPolling()
        defer {
            waker.endPolling()
            flushProgress()
        }
        let deadline = ContinuousClock.now + timeout
        var count = 0
        var bytes = 0
        while count < maxMessages && bytes < maxBytes {
            let isWaiting = count == 0 && !executor.hasPendingJobs
            let wait = isWaiting ? (deadline - .now).milliseconds : 0
            guard let message = rd_kafka_consume_queue(handles.queue.pointer, wait) else { break }
            defer { rd_kafka_message_destroy(message) }
            if message.pointee.err == RD_KAFKA_RESP_ERR_NO_ERROR {
                let topic = note(message)
                count += 1
                bytes += message.pointee.len + message.pointee.key_len
                body(ConsumedMessage(message, topic: topic))
            } else {
                try receive(error: message, of: handles.client, onError)
            }
        }
        if count > 0 { context.health.answered() }
        return count
    }

    /// Makes a ``consume(maxMessages:maxBytes:timeout:_:onError:)`` under way return at once, or else the next one. May be
    /// called from any thread.
    package func wake() {
        waker.wake()
    }

    private func receive(
        error message: UnsafeMutablePointer<rd_kafka_message_t>, of client: ClientHandle,
        _ onError: (PartitionError) -> Void
    ) throws(KafkaError) {
        let code = message.pointee.err
        let topic = message.pointee.rkt.map { String(cString: rd_kafka_topic_name($0)) } ?? ""
        let partition = TopicPartition(topic: topic, partition: message.pointee.partition)
        switch code {
        case RD_KAFKA_RESP_ERR__PARTITION_EOF:
            flushProgress()
            context.health.answered()
            let high = watermarks(cachedOf: partition, client)?.high
            assignment.withLock { $0.reachedEnd(partition, at: message.pointee.offset, high: high) }
        case RD_KAFKA_RESP_ERR__FATAL:
            throw client.fatalError ?? KafkaError(code: code.rawValue, isFatal: true)
        default:
            let text = rd_kafka_message_errstr(message).map { String(cString: $0) }
            let error = KafkaError(code: code.rawValue, message: text)
            context.health.failed(error)
            onError(PartitionError(topic: partition.topic, partition: partition.partition, error: error))
        }
    }

    func failed(_ error: KafkaError) {
        context.health.failed(error)
    }

    // MARK: State

    /// The error that librdkafka reported last, of connections above all. May be read from any thread.
    package var lastError: KafkaError? { context.health.lastError }

    /// Whether a connection to any broker stands; `nil` while that is not known. May be read from any thread.
    package var isAnyBrokerUp: Bool? { context.health.isAnyBrokerUp }

    /// The name that the group gave this member; `nil` before it joined.
    package var memberID: String? {
        guard let client = try? open().client, let text = rd_kafka_memberid(client.pointer) else { return nil }
        defer { rd_kafka_mem_free(client.pointer, text) }
        let id = String(cString: text)
        return id.isEmpty ? nil : id
    }

    /// What ``KafkaProducer/sendOffsets(_:group:timeout:)`` needs; to be asked for anew in each transaction.
    package func groupMetadata() throws(KafkaError) -> ConsumerGroupMetadata {
        guard let metadata = ConsumerGroupMetadata(ofConsumer: try open().client.pointer) else {
            throw KafkaError(code: KafkaError.invalidState, message: "this consumer is in no group")
        }
        return metadata
    }

    func open() throws(KafkaError) -> Handles {
        assert(executor.isCurrent, "a consumer is used on the thread of its executor only")
        guard let handles = handles.withLock({ $0 }) else { throw .closed }
        return handles
    }
}
