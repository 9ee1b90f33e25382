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

    /// - Parameter error: what the transaction itself failed with, if it did.
    init(_ items: [DirectItem], _ results: [DeliveryResult], _ error: KafkaError?) {
        var refusal: Cause?
        var gap: Cause?
        var record: Cause?
        var letter: Cause?
        for (item, result) in zip(items, results) {
            guard case .failed(let failure, _) = result, !Self.ours.contains(failure.code) else { continue }
            let message = "\(item.isRecord ? "topic" : "dead-letter topic") refuses a message: \(failure)"
            if case .suspect(let kind) = FailureKind(failure) {
                refusal = refusal ?? .refusal(kind, message)
            } else if Self.gaps.contains(failure.code) {
                gap = gap ?? .gap(message)
            } else if item.isRecord {
                record = record ?? .outage("records cannot be published: \(failure)")
            } else {
                letter = letter ?? .deadLetterTopic("the dead-letter topic takes nothing: \(failure)")
            }
        }
        if let found = refusal ?? record ?? letter ?? gap {
            cause = found
        } else if let error {
            let message = "a transaction failed: \(error)"
            cause =
                Self.gaps.contains(error.code)
                ? .gap(message) : Self.fencing.contains(error.code) ? .membership(message) : .outage(message)
        } else {
            cause = .gap("a transaction was given up")
        }
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
