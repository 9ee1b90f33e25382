import KafkaClient
import OperationStore
import TrustlogCore

/// What one turn of the consumer brought: decoded, not yet persisted.
struct ConsumedBatch: Sendable {
    var arena = MessageArena()
    var rows: [IncomingOperation] = []
    /// For each row its message in the arena.
    var messageOfRow: [Int] = []
    var rejected: [(message: Int, rejection: Rejection)] = []
    /// For each partition the offset after its last message here.
    var nextOffsets: [TopicPartition: Int64] = [:]
    /// For each partition the assignment by which its messages came: positions of an earlier one are not committed any more.
    var epochs: [TopicPartition: AssignmentEpoch] = [:]
    var begin = ContinuousClock.now

    var isEmpty: Bool { nextOffsets.isEmpty }

    /// Leaves out the messages of partitions that were revoked while the batch was filled.
    mutating func keepOnly(_ current: [TopicPartition: AssignmentEpoch]) {
        epochs = current
        let gone = nextOffsets.keys.filter { current[$0] == nil }
        guard !gone.isEmpty else { return }
        for partition in gone { nextOffsets[partition] = nil }
        rejected.removeAll { nextOffsets[arena.entries[$0.message].topicPartition] == nil }
        let kept = rows.indices.filter { nextOffsets[arena.entries[messageOfRow[$0]].topicPartition] != nil }
        rows = kept.map { rows[$0] }
        messageOfRow = kept.map { messageOfRow[$0] }
    }
}

/// Counts the times that partitions were assigned to this process.
typealias AssignmentEpoch = Int

/// Turns messages into rows or rejections, on the thread that has their bytes.
struct MessageDecoder: Sendable {
    /// Names of the headers that are passed on, in the order to keep.
    private let forwarded: [String]

    init(forwardHeaders: [String]) {
        var names = MessageHeaders.alwaysForwarded
        for name in forwardHeaders where !MessageHeaders.reserved.contains(name) && !names.contains(name) {
            names.append(name)
        }
        forwarded = names
    }

    func add(_ message: borrowing ConsumedMessage, to batch: inout ConsumedBatch) {
        let index = batch.arena.entries.count
        batch.arena.append(message)
        batch.nextOffsets[TopicPartition(topic: message.topic, partition: message.partition)] = message.offset + 1
        let contentType = message.lastHeader(named: "content-type") ?? nil
        switch OperationDecoder.decode(message.value, contentType: contentType) {
        case .failure(let rejection):
            batch.rejected.append((index, rejection))
        case .success(let operation):
            let source = RecordSource(
                topic: message.topic, partition: message.partition, offset: message.offset,
                digest: message.value.map { Digest.sha256Hex($0) } ?? "")
            batch.rows.append(
                IncomingOperation(operation: operation, source: source, headers: forwardedHeaders(of: message)))
            batch.messageOfRow.append(index)
        }
    }

    private func forwardedHeaders(of message: borrowing ConsumedMessage) -> String? {
        var headers: [(name: String, value: String)] = []
        for name in forwarded {
            guard let header = message.lastHeader(named: name), let value = header,
                let text = String(validating: value, as: UTF8.self)
            else { continue }
            headers.append((name, text))
        }
        return headers.isEmpty ? nil : ForwardedHeaders.encode(headers)
    }
}
