import BlockingExecutor
import CRdKafka
import Glibc
import Observability
import Synchronization

/// What the producer and its poll thread share.
final class ProducerCore: Sendable {
    struct FlushWaiter {
        var deadline: ContinuousClock.Instant
        var continuation: CheckedContinuation<Bool, Never>
    }

    enum Lifecycle {
        case open
        /// Nothing more is accepted; what is queued may still be delivered.
        case closing
        /// What is not delivered by now is given up; the thread ends when all is settled.
        case ending
        /// The instance is freed.
        case ended
    }

    let client: ClientHandle
    let queue: QueueHandle
    let context: ClientContext
    let logger: Logger
    let onError: @Sendable (KafkaError) -> Void
    /// Messages between `produce` and the end of their delivery report. Raised before ``lifecycle`` is looked at, so that
    /// once it is 0 after closing nobody uses the instance.
    let outstanding = Atomic(0)
    private let isClosing = Atomic(false)
    private let lifecycle = Mutex(Lifecycle.open)
    private let flushWaiters = Mutex<[FlushWaiter]>([])
    private let topics = Mutex<[String: ProducerTopic]>([:])
    /// Batches with messages that librdkafka has: it knows them by address only.
    private let batches = Mutex<[ObjectIdentifier: (batch: DeliveryBatch, holds: Int)]>([:])
    /// Whether somebody found the queue full and nothing was freed since.
    private let isFull = ConditionLock(false)

    init(
        client: ClientHandle, context: ClientContext, logger: Logger,
        onError: @escaping @Sendable (KafkaError) -> Void
    ) {
        self.client = client
        self.queue = QueueHandle(pointer: rd_kafka_queue_get_main(client.pointer))
        self.context = context
        self.logger = logger
        self.onError = onError
    }

    // MARK: Producing

    func topic(_ name: String) throws(KafkaError) -> ProducerTopic {
        try topics.withLock { topics throws(KafkaError) in
            if let topic = topics[name] { return topic }
            guard !isClosing.load(ordering: .acquiring) else { throw .closed }
            guard let pointer = rd_kafka_topic_new(client.pointer, name, nil) else {
                throw KafkaError(rd_kafka_last_error())
            }
            let topic = ProducerTopic(name: name, pointer: pointer)
            topics[name] = topic
            return topic
        }
    }

    /// Calls `produce` while the instance surely lives.
    func enter(_ batch: DeliveryBatch, _ produce: () -> rd_kafka_resp_err_t) -> rd_kafka_resp_err_t {
        outstanding.add(1, ordering: .sequentiallyConsistent)
        guard !isClosing.load(ordering: .sequentiallyConsistent) else {
            leave(1)
            return RD_KAFKA_RESP_ERR__DESTROY
        }
        hold(batch)
        var result = produce()
        if result == RD_KAFKA_RESP_ERR__QUEUE_FULL {
            // Noted first, then tried again: the report that frees the queue may have come in between.
            isFull.signal { $0 = true }
            result = produce()
        }
        if result != RD_KAFKA_RESP_ERR_NO_ERROR {
            release(batch, 1)
            leave(1)
        }
        return result
    }

    /// Calls `body` while the instance surely lives: the end waits for it.
    func whileOpen(_ body: () throws(KafkaError) -> Void) throws(KafkaError) {
        outstanding.add(1, ordering: .sequentiallyConsistent)
        defer { leave(1) }
        guard !isClosing.load(ordering: .sequentiallyConsistent) else { throw .closed }
        try body()
    }

    func waitForSpace(timeout: Duration) -> Bool {
        isFull.wait(timeout: timeout) { !$0 }
    }

    private func leave(_ count: Int) {
        let (_, left) = outstanding.subtract(count, ordering: .sequentiallyConsistent)
        if left == 0 { wake() }
    }

    /// Makes the poll thread look around; returns false once there is none.
    @discardableResult
    private func wake() -> Bool {
        lifecycle.withLock { lifecycle in
            if case .ended = lifecycle { return false }
            queue.wake()
            return true
        }
    }

    /// Keeps a batch alive while librdkafka has messages of it. Raising and lowering may reach the table in either order,
    /// hence the count, which may be below 0 for a moment.
    private func hold(_ batch: DeliveryBatch) {
        guard batch.inFlight.add(1, ordering: .acquiringAndReleasing).oldValue == 0 else { return }
        changeHold(batch, by: 1)
    }

    private func release(_ batch: DeliveryBatch, _ count: Int) {
        guard batch.inFlight.subtract(count, ordering: .acquiringAndReleasing).newValue == 0 else { return }
        changeHold(batch, by: -1)
    }

    private func changeHold(_ batch: DeliveryBatch, by change: Int) {
        batches.withLock { batches in
            let holds = (batches[ObjectIdentifier(batch)]?.holds ?? 0) + change
            batches[ObjectIdentifier(batch)] = holds == 0 ? nil : (batch, holds)
        }
    }

    // MARK: Shutdown

    func flush(deadline: Duration) async -> Bool {
        let deadline = ContinuousClock.now + deadline
        return await withCheckedContinuation { continuation in
            flushWaiters.withLock { $0.append(FlushWaiter(deadline: deadline, continuation: continuation)) }
            if !wake() { resumeFlushWaiters(all: true) }
        }
    }

    /// Returns whether this call was the one that closed it.
    func beginClosing() -> Bool {
        lifecycle.withLock { lifecycle in
            guard case .open = lifecycle else { return false }
            lifecycle = .closing
            isClosing.store(true, ordering: .sequentiallyConsistent)
            return true
        }
    }

    func end() {
        isClosing.store(true, ordering: .sequentiallyConsistent)
        lifecycle.withLock { lifecycle in
            if case .ended = lifecycle { return }
            lifecycle = .ending
        }
        wake()
    }

    // MARK: The poll thread

    /// Serves events until the producer ends, then frees the instance.
    func serve() {
        while true {
            if let event = rd_kafka_queue_poll(queue.pointer, pollTimeout.milliseconds) {
                handle(event)
                rd_kafka_event_destroy(event)
                // The space is free only now that the messages are destroyed.
                isFull.signal { $0 = false }
            }
            resumeFlushWaiters(all: false)
            if case .ending = lifecycle.withLock({ $0 }) { break }
        }
        settleAll()
        lifecycle.withLock { $0 = .ended }
        destroy()
        isFull.signal { $0 = false }
        resumeFlushWaiters(all: true)
    }

    private var pollTimeout: Duration {
        let next = flushWaiters.withLock { $0.map(\.deadline).min() }
        guard let next else { return .seconds(1) }
        return min(.seconds(1), next - .now)
    }

    private func resumeFlushWaiters(all: Bool) {
        let isEmpty = outstanding.load(ordering: .sequentiallyConsistent) == 0
        let now = ContinuousClock.now
        let due = flushWaiters.withLock { waiters in
            let due = waiters.filter { all || isEmpty || $0.deadline <= now }
            waiters.removeAll { all || isEmpty || $0.deadline <= now }
            return due
        }
        for waiter in due { waiter.continuation.resume(returning: isEmpty) }
    }

    /// Purges until every message has had its report.
    private func settleAll() {
        let limit = ContinuousClock.now + .seconds(10)
        while outstanding.load(ordering: .sequentiallyConsistent) > 0 && ContinuousClock.now < limit {
            rd_kafka_purge(client.pointer, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT)
            while let event = rd_kafka_queue_poll(queue.pointer, 100) {
                handle(event)
                rd_kafka_event_destroy(event)
            }
        }
    }

    private func destroy() {
        guard outstanding.load(ordering: .sequentiallyConsistent) == 0 else {
            // Somebody may still be inside the instance: rather leak it than free it under them.
            logger.error("messages without a delivery report were left behind at the end of a producer")
            for (batch, _) in batches.withLock({ Array($0.values) }) {
                batch.settle { $0.settleRest(.failed(.closed, mayBeStored: true)) }
            }
            return
        }
        for topic in topics.withLock({ Array($0.values) }) {
            rd_kafka_topic_destroy(topic.pointer)
        }
        rd_kafka_queue_destroy(queue.pointer)
        client.destroy()
    }

    // MARK: Events

    private func handle(_ event: OpaquePointer) {
        switch rd_kafka_event_type(event) {
        case trustlog_kafka_event_delivery:
            settle(event)
        case trustlog_kafka_event_error:
            let isFatal = rd_kafka_event_error_is_fatal(event) != 0
            let message = rd_kafka_event_error_string(event).map { String(cString: $0) }
            let error =
                isFatal
                ? client.fatalError ?? KafkaError(code: rd_kafka_event_error(event).rawValue, isFatal: true)
                : KafkaError(code: rd_kafka_event_error(event).rawValue, message: message)
            context.health.failed(error)
            onError(error)
        case trustlog_kafka_event_stats:
            if let json = rd_kafka_event_stats(event) {
                context.health.receive(statistics: json)
            }
        default:
            break
        }
    }

    /// One event carries thousands of reports; those of one batch in a row are settled under one lock.
    private func settle(_ event: OpaquePointer) {
        withUnsafeTemporaryAllocation(of: UnsafePointer<rd_kafka_message_t>?.self, capacity: 1024) { messages in
            guard let start = messages.baseAddress else { return }
            while case let count = rd_kafka_event_message_array(event, start, messages.count), count > 0 {
                settle(UnsafeBufferPointer(rebasing: messages[..<count]))
            }
        }
    }

    private func settle(_ messages: UnsafeBufferPointer<UnsafePointer<rd_kafka_message_t>?>) {
        var index = 0
        while index < messages.count {
            guard let batch = Self.batch(of: messages[index]) else {
                index += 1
                continue
            }
            let first = index
            batch.settle { state in
                while index < messages.count, let message = messages[index], Self.batch(of: message) === batch {
                    if let opaque = message.pointee._private {
                        state.settle(DeliveryBatch.slot(of: opaque).index, Self.result(of: message))
                    }
                    index += 1
                }
            }
            release(batch, index - first)
            leave(index - first)
        }
    }

    private static func batch(of message: UnsafePointer<rd_kafka_message_t>?) -> DeliveryBatch? {
        guard let opaque = message?.pointee._private else { return nil }
        return DeliveryBatch.slot(of: opaque).batch.takeUnretainedValue()
    }

    private static func result(of message: UnsafePointer<rd_kafka_message_t>) -> DeliveryResult {
        let report = message.pointee
        if report.err == RD_KAFKA_RESP_ERR_NO_ERROR {
            return .delivered(partition: report.partition, offset: report.offset >= 0 ? report.offset : nil)
        }
        let status = rd_kafka_message_status(message)
        return .failed(KafkaError(report.err), mayBeStored: status != RD_KAFKA_MSG_STATUS_NOT_PERSISTED)
    }
}
