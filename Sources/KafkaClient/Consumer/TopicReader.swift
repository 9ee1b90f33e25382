import BlockingExecutor
import CRdKafka
package import Observability
import Synchronization

/// Reads every partition of one topic without a consumer group: nothing is committed, nobody else's partitions move, and no
/// right to any group is needed. Committed messages only (`read_committed`).
///
/// It uses librdkafka's simple consumer, which alone works without a group. Its blocking calls run on a thread of its own.
package actor TopicReader {
    /// Where to start.
    package enum Start: Sendable {
        case beginning
        /// Only messages that come after ``open(_:at:stopsAtEnd:timeout:)``.
        case end
    }

    private let executor = BlockingExecutor(name: "kafka-reader")
    private let context: ClientContext
    private let handles: Mutex<Handles?>
    private var topic: TopicHandle?
    private var plan = ReadingPlan()

    private struct Handles: Sendable {
        var client: ClientHandle
        var queue: QueueHandle
    }

    package nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// - Throws: an error that names the property librdkafka refuses, never a secret value.
    package init(configuration: KafkaConfiguration, logger: Logger) throws(KafkaError) {
        let properties = try ConfigurationHandle(
            defaults: ConsumerProperties.defaults(sessionTimeout: .seconds(10)), configuration: configuration,
            guarded: [
                "enable.auto.commit": "false",
                "enable.auto.offset.store": "false",
                // Messages that retention removes while they are about to be read are passed over.
                "auto.offset.reset": "earliest",
                "isolation.level": "read_committed",
                "enable.partition.eof": "true",
                "allow.auto.create.topics": "false",
            ])
        rd_kafka_conf_set_error_cb(properties.pointer) { handle, code, reason, _ in
            let message = reason.map { String(cString: $0) }
            ClientContext.of(handle)?.health.failed(KafkaError(code: code, message: message))
        }
        rd_kafka_conf_set_stats_cb(properties.pointer) { handle, json, _, _ in
            if let json { ClientContext.of(handle)?.health.receive(statistics: json) }
            // 0: librdkafka frees the text.
            return 0
        }
        context = ClientContext(log: LibraryLog(logger: logger), health: BrokerHealth())
        let client = try ClientHandle(type: RD_KAFKA_CONSUMER, configuration: properties, context: context)
        guard let queue = rd_kafka_queue_new(client.pointer) else {
            client.destroy()
            throw KafkaError(code: KafkaError.invalidState, message: "no queue for messages could be made")
        }
        handles = Mutex(Handles(client: client, queue: QueueHandle(pointer: queue)))
    }

    deinit {
        if let handles = handles.withLock({ $0.take() }) {
            Self.free(handles.client, handles.queue, topic, plan)
        }
    }

    // MARK: Opening

    /// Looks the topic's partitions and their ends up, and begins to fetch. To be called once.
    ///
    /// - Parameters:
    ///   - stopsAtEnd: only what the topic holds now is read; see ``isComplete``.
    ///   - timeout: for all answers together.
    /// - Returns: what each partition holds, by its number.
    package func open(
        _ name: String, at start: Start, stopsAtEnd: Bool, timeout: Duration
    ) throws(KafkaError) -> [PartitionRange] {
        let handles = try opened()
        let deadline = ContinuousClock.now + timeout
        guard topic == nil else {
            throw KafkaError(code: KafkaError.invalidState, message: "a reader reads one topic once")
        }
        guard let topic = rd_kafka_topic_new(handles.client.pointer, name, nil) else {
            throw KafkaError(rd_kafka_last_error())
        }
        self.topic = TopicHandle(pointer: topic)
        var ranges: [PartitionRange] = []
        for partition in try partitions(of: topic, handles.client, until: deadline) {
            ranges.append(try range(of: name, partition, handles.client, until: deadline))
        }
        plan = ReadingPlan(ranges, stopsAtEnd: stopsAtEnd)
        for range in ranges where !plan.isDone(range.partition) {
            let offset = start == .beginning ? range.low : range.high
            if rd_kafka_consume_start_queue(topic, range.partition, offset, handles.queue.pointer) != 0 {
                throw KafkaError(rd_kafka_last_error())
            }
            plan.started(range.partition)
        }
        return ranges
    }

    private func partitions(
        of topic: OpaquePointer, _ client: ClientHandle, until deadline: ContinuousClock.Instant
    ) throws(KafkaError) -> [Int32] {
        var metadata: UnsafePointer<rd_kafka_metadata>?
        let result = rd_kafka_metadata(client.pointer, 0, topic, &metadata, (deadline - .now).milliseconds)
        rd_kafka_poll(client.pointer, 0)
        guard result == RD_KAFKA_RESP_ERR_NO_ERROR, let metadata else {
            throw context.health.lastError ?? KafkaError(result)
        }
        defer { rd_kafka_metadata_destroy(metadata) }
        guard metadata.pointee.topic_cnt > 0, let found = metadata.pointee.topics?.pointee else {
            throw KafkaError(code: KafkaError.unknownTopicOrPartition)
        }
        try KafkaError.check(found.err)
        context.health.answered()
        return (0..<Int(found.partition_cnt)).map { found.partitions[$0].id }.sorted()
    }

    private func range(
        of topic: String, _ partition: Int32, _ client: ClientHandle, until deadline: ContinuousClock.Instant
    ) throws(KafkaError) -> PartitionRange {
        var low: Int64 = 0
        var high: Int64 = 0
        try KafkaError.check(
            rd_kafka_query_watermark_offsets(
                client.pointer, topic, partition, &low, &high, (deadline - .now).milliseconds))
        return PartitionRange(partition: partition, low: max(0, low), high: max(0, high))
    }

    // MARK: Reading

    /// Whether everything that the topic held when it was opened has been read; never without `stopsAtEnd`.
    package var isComplete: Bool { plan.isComplete }

    /// Waits for one message, up to `timeout`, then takes what is there already, up to `maxMessages` or until `maxBytes` of
    /// keys and values are reached. Returns early after ``wake()``, and at the end of a partition.
    ///
    /// - Throws: an error that ends the reading of a partition. While brokers are away it returns nothing:
    ///   ``lastError`` says why.
    package func read(
        maxMessages: Int, maxBytes: Int, timeout: Duration
    ) throws(KafkaError) -> [TopicMessage] {
        let handles = try opened()
        rd_kafka_poll(handles.client.pointer, 0)
        if let error = handles.client.fatalError { throw error }
        let deadline = ContinuousClock.now + timeout
        var messages: [TopicMessage] = []
        var bytes = 0
        while messages.count < maxMessages, bytes < maxBytes, !plan.isComplete {
            let wait = messages.isEmpty ? (deadline - .now).milliseconds : 0
            guard let message = rd_kafka_consume_queue(handles.queue.pointer, wait) else { break }
            defer { rd_kafka_message_destroy(message) }
            guard message.pointee.err == RD_KAFKA_RESP_ERR_NO_ERROR else {
                try receive(error: message)
                continue
            }
            context.health.answered()
            if plan.wants(message.pointee.partition, offset: message.pointee.offset) {
                messages.append(TopicMessage(ConsumedMessage(message, topic: "")))
                bytes += message.pointee.len + message.pointee.key_len
            }
            stopWhereDone(message.pointee.partition)
        }
        return messages
    }

    private func receive(error message: UnsafeMutablePointer<rd_kafka_message_t>) throws(KafkaError) {
        if message.pointee.err == RD_KAFKA_RESP_ERR__PARTITION_EOF {
            context.health.answered()
            plan.reachedEnd(message.pointee.partition)
            return stopWhereDone(message.pointee.partition)
        }
        let text = rd_kafka_message_errstr(message).map { String(cString: $0) }
        let error = KafkaError(code: message.pointee.err.rawValue, message: text)
        context.health.failed(error)
        if !error.isRetriable { throw error }
    }

    private func stopWhereDone(_ partition: Int32) {
        guard let topic, plan.takeStoppable(partition) else { return }
        rd_kafka_consume_stop(topic.pointer, partition)
    }

    /// Makes a ``read(maxMessages:maxBytes:timeout:)`` under way return at once, or else the next one.
    package nonisolated func wake() {
        handles.withLock { $0?.queue.wake() }
    }

    /// The error that librdkafka reported last, of connections above all.
    package nonisolated var lastError: KafkaError? { context.health.lastError }

    // MARK: Ending

    /// Frees everything; further calls throw.
    package func close() {
        guard let handles = handles.withLock({ $0.take() }) else { return }
        Self.free(handles.client, handles.queue, topic, plan)
        topic = nil
    }

    private static func free(
        _ client: ClientHandle, _ queue: QueueHandle, _ topic: TopicHandle?, _ plan: ReadingPlan
    ) {
        if let topic {
            for partition in plan.running { rd_kafka_consume_stop(topic.pointer, partition) }
            rd_kafka_topic_destroy(topic.pointer)
        }
        rd_kafka_queue_destroy(queue.pointer)
        client.destroy()
    }

    private func opened() throws(KafkaError) -> Handles {
        guard let handles = handles.withLock({ $0 }) else { throw .closed }
        return handles
    }
}

/// A topic of an instance (`rd_kafka_topic_t`).
// @unchecked: librdkafka's topics may be used from any thread; the reader frees it last.
private struct TopicHandle: @unchecked Sendable {
    let pointer: OpaquePointer
}
