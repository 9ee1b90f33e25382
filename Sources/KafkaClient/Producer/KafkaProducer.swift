import BlockingExecutor
import CRdKafka
package import Observability
import Synchronization

/// An idempotent producer; with a transactional id, a transactional one.
///
/// A message that was accepted is delivered, however long the brokers are away, or ends with an error that is its own;
/// a full queue is the only limit. Every method may be called from any thread.
package final class KafkaProducer: Sendable {
    let core: ProducerCore
    /// Only with a transactional id.
    let transactions: TransactionThread?
    private let poller: DeliveryPoller

    /// - Parameter onError: errors of the instance, of connections above all; one that `isFatal` ends it. Called on the
    ///   producer's own thread; it must not block.
    /// - Throws: an error that names the property librdkafka refuses, never a secret value.
    package init(
        configuration: KafkaConfiguration, logger: Logger, transactionalID: String? = nil,
        onError: @escaping @Sendable (KafkaError) -> Void = { _ in }
    ) throws(KafkaError) {
        let properties = try ConfigurationHandle(
            defaults: ProducerProperties.defaults, configuration: configuration,
            guarded: ProducerProperties.guarded(transactionalID: transactionalID))
        rd_kafka_conf_set_events(
            properties.pointer,
            trustlog_kafka_event_delivery | trustlog_kafka_event_error | trustlog_kafka_event_stats)
        let context = ClientContext(log: LibraryLog(logger: logger), health: BrokerHealth())
        let client = try ClientHandle(type: RD_KAFKA_PRODUCER, configuration: properties, context: context)
        core = ProducerCore(client: client, context: context, logger: logger, onError: onError)
        transactions = transactionalID == nil ? nil : TransactionThread()
        poller = DeliveryPoller()
        Task.detached { [core, poller] in await poller.serve(core) }
    }

    /// One that was not closed gives up what is not delivered.
    deinit {
        core.end()
    }

    // MARK: Producing

    package func batch(count: Int) -> DeliveryBatch {
        DeliveryBatch(count: count)
    }

    /// Looks the topic up, once and for all.
    package func topic(_ name: String) throws(KafkaError) -> ProducerTopic {
        try core.topic(name)
    }

    /// Queues a message, copying its key, value and headers. Never blocks.
    /// - Parameters:
    ///   - partition: `nil`: as Java's clients choose by the key; without a key a random one.
    ///   - key: `nil`: none, which is not the same as an empty one.
    ///   - value: `nil`: a tombstone.
    ///   - index: the slot of `batch` that gets the result.
    /// - Returns: `nil` if the message was queued. `queueFull`: nothing happened, call again when ``waitForSpace(timeout:)``
    ///   returns. Any other error has settled the slot.
    package func produce(
        topic: ProducerTopic, partition: Int32? = nil, key: UnsafeRawBufferPointer?,
        value: UnsafeRawBufferPointer?, headers: borrowing HeaderList, batch: DeliveryBatch, index: Int
    ) -> KafkaError? {
        guard (0..<batch.count).contains(index) else {
            return KafkaError(code: KafkaError.invalidArgument, message: "the batch has no slot \(index)")
        }
        let result = headers.withC { arena, entries in
            withUnsafeTemporaryAllocation(byteCount: 1, alignment: 1) { empty in
                core.enter(batch) {
                    trustlog_kafka_produce(
                        core.client.pointer, topic.pointer, partition ?? Int32(RD_KAFKA_PARTITION_UA),
                        key.map { $0.baseAddress ?? UnsafeRawPointer(empty.baseAddress) } ?? nil, key?.count ?? 0,
                        value.map { $0.baseAddress ?? UnsafeRawPointer(empty.baseAddress) } ?? nil, value?.count ?? 0,
                        arena, entries.baseAddress, entries.count, batch.slot(index))
                }
            }
        }
        guard result != RD_KAFKA_RESP_ERR_NO_ERROR else { return nil }
        var error = KafkaError(result)
        if result == RD_KAFKA_RESP_ERR__FATAL || result == RD_KAFKA_RESP_ERR__FENCED {
            error.isFatal = true
        }
        if result == RD_KAFKA_RESP_ERR__DESTROY { error = .closed }
        if result != RD_KAFKA_RESP_ERR__QUEUE_FULL {
            batch.settle { $0.settle(index, .failed(error, mayBeStored: false)) }
        }
        return error
    }

    /// The same for a topic by name.
    package func produce(
        topic: String, partition: Int32? = nil, key: UnsafeRawBufferPointer?, value: UnsafeRawBufferPointer?,
        headers: borrowing HeaderList, batch: DeliveryBatch, index: Int
    ) -> KafkaError? {
        do {
            return produce(
                topic: try core.topic(topic), partition: partition, key: key, value: value, headers: headers,
                batch: batch, index: index)
        } catch {
            batch.settle { $0.settle(index, .failed(error, mayBeStored: false)) }
            return error
        }
    }

    /// Blocks the calling thread (a pinned one) until delivery reports have made room in a queue that was found full, or
    /// `timeout` has passed; returns whether there may be room.
    package func waitForSpace(timeout: Duration) -> Bool {
        core.waitForSpace(timeout: timeout)
    }

    // MARK: State

    /// Messages whose delivery report is outstanding.
    package var outstanding: Int { core.outstanding.load(ordering: .relaxed) }

    package var lastError: KafkaError? { core.context.health.lastError }

    /// Whether a connection to any broker stands; `nil` while that is not known.
    package var isAnyBrokerUp: Bool? { core.context.health.isAnyBrokerUp }

    // MARK: Shutdown

    /// Waits until every message has had its report; returns false if `deadline` passed before.
    @discardableResult
    package func flush(deadline: Duration) async -> Bool {
        await core.flush(deadline: deadline)
    }

    /// Gives up messages that wait (surely not sent) and, `inFlight`, those on their way (which may be stored). Their
    /// reports follow.
    package func purge(inFlight: Bool) {
        let flags = RD_KAFKA_PURGE_F_QUEUE | (inFlight ? RD_KAFKA_PURGE_F_INFLIGHT : 0) | RD_KAFKA_PURGE_F_NON_BLOCKING
        // Once closed, everything is given up anyway.
        try? core.whileOpen { _ = rd_kafka_purge(core.client.pointer, flags) }
    }

    /// Accepts nothing more, waits up to `deadline` for reports, gives up the rest, so that each message ends as delivered,
    /// surely not sent or unknown, and frees everything.
    package func close(deadline: Duration) async {
        guard core.beginClosing() else { return }
        _ = await core.flush(deadline: deadline)
        await transactions?.run {}
        core.end()
        await poller.finish()
    }
}
