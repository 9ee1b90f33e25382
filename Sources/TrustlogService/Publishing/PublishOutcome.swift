package import OperationStore

/// What became of one record that was handed to the publisher.
package enum PublishOutcome: Sendable, Equatable {
    /// Why a record, and no other, cannot be published; the label `reason` of the metric.
    package enum Refusal: String, Sendable {
        case tooLarge = "too-large"
        case refused
        case unreadable
    }

    /// All in-sync replicas have it. `offset` is `nil` if the broker acknowledged without naming it.
    case acknowledged(partition: Int32, offset: Int64?)
    /// The record's own fault, refused even alone: a failed try.
    case refused(Refusal, message: String)
    /// Everybody's trouble: nothing is counted, it is sent again later.
    case outage(message: String)
    /// Not sent, because of a shutdown or behind an outage; it is sent again later.
    case notSent
}

/// One record to publish.
package struct PublishableRecord: Sendable {
    package var seq: Int64
    package var opId: String
    package var stored: StoredOperation

    package init(seq: Int64, opId: String, stored: StoredOperation) {
        self.seq = seq
        self.opId = opId
        self.stored = stored
    }
}
