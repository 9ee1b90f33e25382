package import KafkaClient
package import Observability
import Synchronization

/// The way to the broker that the records, or the dead letters, take: one producer, and a second one that puts every message
/// into a batch of its own, made when a message has first to be proven guilty alone.
///
/// A fatal error (a broker that lost what it had acknowledged, for example) ends a producer: the next to ask gets a new one.
package final class OutboundChannel: Sendable {
    private struct Link: Sendable {
        var producer: KafkaProducer
        var hasEnded: HasEnded
    }

    /// Set by the producer's own thread.
    private final class HasEnded: Sendable {
        let isSet = Atomic(false)
    }

    private let configuration: Mutex<KafkaConfiguration>
    private let logger: Logger
    private let main: Mutex<Link>
    private let solitary = Mutex<Link?>(nil)
    private let closing = Atomic(false)

    /// - Throws: an error that names the property that librdkafka refuses.
    package init(configuration: KafkaConfiguration, logger: Logger) throws(KafkaError) {
        self.configuration = Mutex(configuration)
        self.logger = logger
        main = Mutex(try Self.makeLink(configuration, logger))
    }

    private static func makeLink(_ configuration: KafkaConfiguration, _ logger: Logger) throws(KafkaError) -> Link {
        let hasEnded = HasEnded()
        let producer = try KafkaProducer(
            configuration: configuration, logger: logger,
            onError: { error in
                guard error.isFatal else { return }
                logger.error("a producer ended and is made anew: \(error)")
                hasEnded.isSet.store(true, ordering: .releasing)
            })
        return Link(producer: producer, hasEnded: hasEnded)
    }

    package var producer: KafkaProducer {
        main.withLock { link in
            // Where no other can be made, what is sent by this one fails and is tried again.
            if mustReplace(link), let next = try? Self.makeLink(configuration.withLock({ $0 }), logger) {
                replace(&link, by: next)
            }
            return link.producer
        }
    }

    package var isClosing: Bool { closing.load(ordering: .acquiring) }

    /// A producer whose batches hold one message each: what it reports belongs to that message alone.
    package func solitaryProducer() throws(KafkaError) -> KafkaProducer {
        try solitary.withLock { (existing) throws(KafkaError) in
            if let link = existing, !mustReplace(link) { return link.producer }
            var alone = configuration.withLock { $0 }
            alone.properties["batch.num.messages"] = "1"
            alone.properties["linger.ms"] = "0"
            var link = try Self.makeLink(alone, logger)
            if let old = existing {
                let next = link
                link = old
                replace(&link, by: next)
            }
            existing = link
            return link.producer
        }
    }

    private func mustReplace(_ link: Link) -> Bool {
        link.hasEnded.isSet.load(ordering: .acquiring) && !isClosing
    }

    /// What the old one still holds is given up, and settles as such.
    private func replace(_ link: inout Link, by next: Link) {
        let old = link.producer
        link = next
        Task { await old.close(deadline: .zero) }
    }

    func makeAdmin() throws(KafkaError) -> KafkaAdmin {
        try KafkaAdmin(configuration: configuration.withLock { $0 }, logger: logger)
    }

    /// Keeps batches below the limit of `topics`, as far as it may be read. To be called before anything is produced.
    package func learnLimits(of topics: [String]) async {
        let limited = await configuration.withLock { $0 }.limitingBatches(to: topics, logger: logger)
        guard !isClosing, let next = try? Self.makeLink(limited, logger) else { return }
        configuration.withLock { $0 = limited }
        main.withLock { replace(&$0, by: next) }
    }

    /// From now on nothing is waited for that has not been sent.
    package func beginClosing() {
        closing.store(true, ordering: .releasing)
    }

    /// Gives up what waits in the producers; what is on its way still gets its report.
    package func purgeQueued() {
        main.withLock { $0 }.producer.purge(inFlight: false)
        solitary.withLock { $0 }?.producer.purge(inFlight: false)
    }

    /// Waits up to `deadline` for reports, gives up the rest and frees everything.
    package func close(deadline: Duration) async {
        beginClosing()
        await main.withLock { $0 }.producer.close(deadline: deadline)
        await solitary.withLock { $0 }?.producer.close(deadline: .zero)
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
