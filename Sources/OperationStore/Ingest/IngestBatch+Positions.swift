import TrustlogCore

extension IngestBatch {
    /// How far each partition's position may move: up to the one given, but not past a row that is to become a dead letter
    /// and is not acknowledged as one yet.
    func cappedPositions(outcomes: [PersistResult.Outcome]) -> [ConsumerPosition] {
        struct Partition: Hashable {
            var topic: ExactText
            var number: Int32
        }
        var lowest: [Partition: Int64] = [:]
        for (row, outcome) in zip(rows, outcomes) where outcome.awaitsDeadLetter {
            guard let source = row.source else { continue }
            let partition = Partition(topic: ExactText(source.topic), number: source.partition)
            lowest[partition] = min(lowest[partition] ?? .max, source.offset)
        }
        return positions.map { position in
            let partition = Partition(topic: ExactText(position.topic), number: position.partition)
            var capped = position
            capped.nextOffset = min(position.nextOffset, lowest[partition] ?? .max)
            return capped
        }
    }
}

extension PersistResult.Outcome {
    fileprivate var awaitsDeadLetter: Bool {
        switch self {
        case .inserted, .duplicate: false
        case .conflict, .refused: true
        }
    }
}
