package import KafkaClient
package import Observability
import Synchronization

/// The way to the broker that the records, or the dead letters, take: one producer, and a second one that puts every message
/// into a batch of its own, made when a message has first to be proven guilty alone.
package final class OutboundChannel: Sendable {
    package let producer: KafkaProducer
    private let configuration: KafkaConfiguration
    private let logger: Logger
    private let solitary = Mutex<KafkaProducer?>(nil)
    private let closing = Atomic(false)

    /// - Throws: an error that names the property that librdkafka refuses.
    package init(configuration: KafkaConfiguration, logger: Logger) throws(KafkaError) {
        self.configuration = configuration
        self.logger = logger
        producer = try KafkaProducer(configuration: configuration, logger: logger)
    }

    package var isClosing: Bool { closing.load(ordering: .acquiring) }

    /// A producer whose batches hold one message each: what it reports belongs to that message alone.
    package func solitaryProducer() throws(KafkaError) -> KafkaProducer {
        try solitary.withLock { (existing) throws(KafkaError) in
            if let existing { return existing }
            var alone = configuration
            alone.properties["batch.num.messages"] = "1"
            alone.properties["linger.ms"] = "0"
            let producer = try KafkaProducer(configuration: alone, logger: logger)
            existing = producer
            return producer
        }
    }

    /// From now on nothing is waited for that has not been sent.
    package func beginClosing() {
        closing.store(true, ordering: .releasing)
    }

    /// Gives up what waits in the producers; what is on its way still gets its report.
    package func purgeQueued() {
        producer.purge(inFlight: false)
        solitary.withLock { $0 }?.purge(inFlight: false)
    }

    /// Waits up to `deadline` for reports, gives up the rest and frees everything.
    package func close(deadline: Duration) async {
        beginClosing()
        await producer.close(deadline: deadline)
        await solitary.withLock { $0 }?.close(deadline: .zero)
    }
}

extension KafkaProducer {
    /// Queues a message, waiting for room where the queue is full. Blocks its thread meanwhile; gives up when `isClosing`.
    func produceWaiting(
        topic: ProducerTopic, key: [UInt8]?, value: [UInt8]?, headers: borrowing HeaderList, batch: DeliveryBatch,
        index: Int, isClosing: () -> Bool
    ) {
        while true {
            let error = withOptionalBytes(key) { key in
                withOptionalBytes(value) { value in
                    produce(topic: topic, key: key, value: value, headers: headers, batch: batch, index: index)
                }
            }
            guard let error, error.code == KafkaError.queueFull else { return }
            if isClosing() {
                batch.fail(index)
                return
            }
            _ = waitForSpace(timeout: .milliseconds(500))
        }
    }
}

/// Calls `body` with the bytes, or with `nil` where there are none (which is not the same as no bytes).
func withOptionalBytes<R>(_ bytes: [UInt8]?, _ body: (UnsafeRawBufferPointer?) -> R) -> R {
    guard let bytes else { return body(nil) }
    return bytes.withUnsafeBytes { body($0) }
}
