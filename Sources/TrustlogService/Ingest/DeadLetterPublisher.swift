import Dispatch
import KafkaClient
import Observability
import TrustlogCore

/// Publishes what cannot become a row to the dead-letter topic (contract, section 5).
///
/// It makes its producer with the first dead letter: most processes never need one.
actor DeadLetterPublisher {
    enum Outcome: Sendable, Equatable {
        case acknowledged
        /// Not stored: why, and that it has to be tried again.
        case failed(String)
    }

    private let topic: String
    private let configuration: KafkaConfiguration
    private let logger: Logger
    private let metrics: TrustlogMetrics
    private let lane = DispatchQueue(label: "trustlog.dead-letters")
    private var channel: OutboundChannel?
    private var isClosed = false

    init(topic: String, configuration: KafkaConfiguration, logger: Logger, metrics: TrustlogMetrics) {
        self.topic = topic
        self.configuration = Self.tuned(configuration)
        self.logger = logger
        self.metrics = metrics
    }

    /// Any message that the input topic holds has to fit, whatever the limits of a normal producer.
    private static func tuned(_ configuration: KafkaConfiguration) -> KafkaConfiguration {
        var tuned = configuration
        tuned.properties["message.max.bytes"] = "1000000000"
        return tuned
    }

    /// One outcome a letter, in their order.
    func publish(_ letters: [DeadLetter]) async -> [Outcome] {
        guard !isClosed else { return letters.map { _ in .failed("the program is stopping") } }
        do {
            let channel = try self.channel ?? OutboundChannel(configuration: configuration, logger: logger)
            self.channel = channel
            return await publish(letters, by: channel)
        } catch {
            return letters.map { _ in .failed("dead-letter topic \(topic): \(error)") }
        }
    }

    private func publish(_ letters: [DeadLetter], by channel: OutboundChannel) async -> [Outcome] {
        let results = await send(letters.map { DeadLetterMessage($0) }, with: channel.producer, channel)
        var outcomes: [Outcome] = []
        for (letter, result) in zip(letters, results) {
            if case .failed(let error, _) = result, case .suspect = FailureKind(error) {
                outcomes.append(await publishAlone(letter, channel))
            } else {
                outcomes.append(outcome(of: result))
            }
            let code = TrustlogMetrics.DeadLetterCode(rawValue: letter.rejection.code.rawValue)
            if outcomes.last == .acknowledged, let code {
                metrics.deadLettered[code].increment()
            }
        }
        return outcomes
    }

    /// A letter that was refused with others: alone, and if it is too large even so, with less and less of the original.
    private func publishAlone(_ letter: DeadLetter, _ channel: OutboundChannel) async -> Outcome {
        do {
            let producer = try channel.solitaryProducer()
            var form = DeadLetterForm.whole
            while true {
                let message = DeadLetterMessage(letter, as: form)
                let result = await send([message], with: producer, channel).first ?? .notSent
                guard case .failed(let error, _) = result, case .suspect = FailureKind(error),
                    let smaller = form.smaller
                else { return outcome(of: result) }
                if form == .whole { tellOfNotice(letter, error) }
                form = smaller
            }
        } catch {
            return .failed("dead-letter topic \(topic): \(error)")
        }
    }

    private func tellOfNotice(_ letter: DeadLetter, _ error: KafkaError) {
        logger.error(
            """
            the dead-letter topic \(topic) refuses a message for its size: it gets a notice without the value; the \
            original stays in \(letter.message.topic) until its retention ends
            """,
            metadata: [
                "topic": letter.message.topic, "partition": String(letter.message.partition),
                "offset": String(letter.message.offset), "bytes": String(letter.message.size),
                "reason": error.description,
            ])
    }

    private func send(
        _ messages: [DeadLetterMessage], with producer: KafkaProducer, _ channel: OutboundChannel
    ) async -> [DeliveryResult] {
        do {
            let topic = try producer.topic(topic)
            let batch = producer.batch(count: messages.count)
            lane.async {
                for (index, message) in messages.enumerated() {
                    producer.produceWaiting(
                        topic: topic, key: message.key, value: message.value, headers: message.headers, batch: batch,
                        index: index, isClosing: { channel.isClosing })
                }
            }
            return await batch.results()
        } catch {
            return messages.map { _ in .failed(error, mayBeStored: false) }
        }
    }

    private func outcome(of result: DeliveryResult) -> Outcome {
        switch result {
        case .delivered: .acknowledged
        case .notSent: .failed("the program is stopping")
        case .failed(let error, _): .failed("dead-letter topic \(topic): \(error)")
        }
    }

    func close(deadline: Duration) async {
        isClosed = true
        await channel?.close(deadline: deadline)
    }
}
