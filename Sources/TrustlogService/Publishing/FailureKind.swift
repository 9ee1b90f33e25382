import KafkaClient

/// Whose fault a failed delivery is (contract, section 7): only what belongs to one record is ever a failed try.
enum FailureKind: Equatable {
    /// The record may be at fault, if it is refused alone as well: a batch is refused as a whole.
    case suspect(PublishOutcome.Refusal)
    /// Everybody's: the broker, the topic, permissions, time-outs, fencing, and whatever is not known.
    case outage

    init(_ error: KafkaError) {
        switch error.code {
        case KafkaError.messageTooLarge, KafkaError.recordListTooLarge: self = .suspect(.tooLarge)
        case KafkaError.invalidRecord, KafkaError.invalidMessage: self = .suspect(.refused)
        default: self = .outage
        }
    }
}
