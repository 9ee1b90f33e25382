import KafkaClient

/// Why a transaction was aborted, judged by what became of its messages.
struct DirectFailures: Equatable {
    enum Cause: Equatable {
        /// A message was refused that may be at fault, if it is refused alone as well.
        case refusal(PublishOutcome.Refusal, String)
        /// Records were taken, dead letters were not: their topic is away, or not to be written to.
        case deadLetterTopic(String)
        /// An earlier abort left a gap in the sequence of messages: the same again succeeds.
        case gap(String)
        /// The group has another generation, or knows this member no longer.
        case membership(String)
        case outage(String)
    }

    let cause: Cause
    /// The messages that were refused.
    private let suspects: [Int]

    /// Up to so many are told apart at once; more are a batch that was refused as a whole.
    private static let isolatedLimit = 3

    /// - Parameter error: what the transaction itself failed with, if it did.
    init(_ items: [DirectItem], _ results: [DeliveryResult], _ error: KafkaError?, output: String, deadLetters: String)
    {
        var refusal: Cause?
        var gap: Cause?
        var record: Cause?
        var letter: Cause?
        var suspects: [Int] = []
        for (index, (item, result)) in zip(items, results).enumerated() {
            guard case .failed(let failure, _) = result, !Self.ours.contains(failure.code) else { continue }
            let topic = item.isRecord ? "topic \(output)" : "dead-letter topic \(deadLetters)"
            if case .suspect(let kind) = FailureKind(failure) {
                suspects.append(index)
                refusal = refusal ?? .refusal(kind, "\(topic) refuses it: \(failure)")
            } else if Self.gaps.contains(failure.code) {
                gap = gap ?? .gap("\(topic): \(failure)")
            } else if item.isRecord {
                record = record ?? .outage("\(topic): \(failure)")
            } else {
                letter = letter ?? .deadLetterTopic("\(topic): \(failure)")
            }
        }
        self.suspects = suspects
        if let found = refusal ?? record ?? letter ?? gap {
            cause = found
        } else if let error {
            let message = "a transaction failed: \(error)"
            // Erroneous state: it had failed before, and for no message's sake.
            cause =
                Self.gaps.contains(error.code) || error.code == KafkaError.invalidState
                ? .gap(message) : Self.fencing.contains(error.code) ? .membership(message) : .outage(message)
        } else {
            cause = .gap("a transaction was given up")
        }
    }

    /// The same messages in smaller pieces, in their order: those that were refused alone, or else halves.
    func split(_ items: [DirectItem]) -> [[DirectItem]] {
        guard suspects.count <= Self.isolatedLimit else {
            let middle = items.count / 2
            return [Array(items[..<middle]), Array(items[middle...])]
        }
        var pieces: [[DirectItem]] = []
        var start = 0
        for suspect in suspects {
            pieces += [Array(items[start..<suspect]), [items[suspect]]]
            start = suspect + 1
        }
        pieces.append(Array(items[start...]))
        return pieces.filter { !$0.isEmpty }
    }

    /// Given up by this program, behind the one that failed.
    private static let ours: Set<Int32> = [
        KafkaError.purgedFromQueue, KafkaError.purgedInFlight, KafkaError.clientClosed,
    ]
    private static let gaps: Set<Int32> = [KafkaError.outOfOrderSequence, KafkaError.unknownProducerID]
    private static let fencing: Set<Int32> = [
        KafkaError.illegalGeneration, KafkaError.unknownMember, KafkaError.fencedInstance,
        KafkaError.rebalanceInProgress,
    ]
}
