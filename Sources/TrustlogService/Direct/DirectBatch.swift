import KafkaClient
import OperationStore
import TrustlogCore

/// What becomes of one consumed message under `trustlog-only`.
struct DirectItem: Sendable {
    enum Content: Sendable {
        /// A record; the index of its row and of its envelope.
        case record(row: Int)
        case deadLetter(Rejection, DeadLetterForm)
    }

    /// In the arena of its batch.
    var message: Int
    var partition: TopicPartition
    /// The offset after the message.
    var nextOffset: Int64
    var content: Content

    var isRecord: Bool {
        if case .record = content { true } else { false }
    }

    /// The code of a dead letter.
    var rejection: Rejection? {
        if case .deadLetter(let rejection, _) = content { rejection } else { nil }
    }
}

/// A consumed batch whose records are signed.
struct DirectBatch: Sendable {
    let consumed: ConsumedBatch
    /// One a row.
    let envelopes: [[UInt8]]
    /// In the order consumed.
    let items: [DirectItem]

    init(_ consumed: ConsumedBatch, envelopes: [[UInt8]]) {
        self.consumed = consumed
        self.envelopes = envelopes
        var contents = consumed.messageOfRow.enumerated().map {
            (message: $1, content: DirectItem.Content.record(row: $0))
        }
        contents += consumed.rejected.map { ($0.message, .deadLetter($0.rejection, .whole)) }
        items = contents.sorted { $0.message < $1.message }.map { message, content in
            let entry = consumed.arena.entries[message]
            return DirectItem(
                message: message, partition: entry.topicPartition, nextOffset: entry.offset + 1, content: content)
        }
    }
}

extension DirectBatch {
    /// Bytes of headers and framing that a record has besides its value and key, at most, unless it passes on large headers.
    private static let overhead = 1_024

    /// The items in order, each that may be too large for its topic apart from the others: an aborted transaction costs
    /// about a second.
    func isolating(largerThan limit: Int) -> [[DirectItem]] {
        var pieces: [[DirectItem]] = []
        var current: [DirectItem] = []
        for item in items {
            guard size(of: item) > limit else {
                current.append(item)
                continue
            }
            pieces += [current, [item]]
            current = []
        }
        pieces.append(current)
        return pieces.filter { !$0.isEmpty }
    }

    private func size(of item: DirectItem) -> Int {
        let entry = consumed.arena.entries[item.message]
        switch item.content {
        case .record(let row): return envelopes[row].count + (entry.key?.count ?? 0) + Self.overhead
        case .deadLetter: return (entry.value?.count ?? 0) + (entry.key?.count ?? 0) + Self.overhead
        }
    }

    /// One record of `items`, by itself.
    init?(sampleOf items: [DirectItem], of batch: DirectBatch) {
        guard var item = items.last(where: \.isRecord), case .record(let row) = item.content else { return nil }
        var consumed = ConsumedBatch()
        consumed.rows = [batch.consumed.rows[row]]
        item.content = .record(row: 0)
        self.consumed = consumed
        envelopes = [batch.envelopes[row]]
        self.items = [item]
    }
}

/// Puts messages into a transaction.
struct DirectProduction: Sendable {
    let output: String
    let deadLetters: String
    let key: ServiceConfiguration.OutputKey
    let headers: MessageHeaders

    init(_ configuration: ServiceConfiguration) {
        output = configuration.output.topic
        deadLetters = configuration.input.deadLetterTopic
        key = configuration.output.key
        headers = MessageHeaders(source: configuration.output.source)
    }

    /// Queues each item in its slot of `deliveries`. Blocks while the client's queue is full.
    func produce(
        _ items: [DirectItem], of batch: DirectBatch, with producer: KafkaProducer, _ deliveries: DeliveryBatch,
        isClosing: () -> Bool
    ) {
        guard let output = try? producer.topic(output), let deadLetters = try? producer.topic(deadLetters) else {
            // It is closed.
            for index in items.indices { deliveries.fail(index) }
            return
        }
        var list = HeaderList()
        for (index, item) in items.enumerated() {
            switch item.content {
            case .record(let row):
                let incoming = batch.consumed.rows[row]
                list.removeAll()
                headers.append(for: incoming.operation, forwarded: incoming.headers, to: &list)
                producer.produceWaiting(
                    topic: output, key: key == .doid ? Array(incoming.operation.doid.utf8) : nil,
                    value: batch.envelopes[row], headers: list, batch: deliveries, index: index, isClosing: isClosing)
            case .deadLetter(let rejection, let form):
                let letter = DeadLetter(
                    message: batch.consumed.arena.original(at: item.message), rejection: rejection,
                    epoch: batch.consumed.epochs[item.partition] ?? 0)
                let message = DeadLetterMessage(letter, as: form)
                producer.produceWaiting(
                    topic: deadLetters, key: message.key, value: message.value, headers: message.headers,
                    batch: deliveries, index: index, isClosing: isClosing)
            }
        }
    }
}
