import OperationStore

/// What an audit has counted.
package struct AuditReport: Sendable, Equatable {
    /// Rows of the table by status, when the audit began.
    package var rows = 0
    package var trustlogged = 0
    package var waiting = 0
    package var failed = 0
    package var notRequired = 0
    package var discarded = 0

    /// Messages that the topic held.
    package var envelopes = 0
    /// Envelopes beyond the first one of their operation: the same record once more.
    package var repeats = 0

    /// `TRUSTLOGGED` rows whose envelope stands where the row says, is validly signed, and carries the row's record.
    package var confirmed = 0
    /// `TRUSTLOGGED` rows whose envelope lay before what the topic still holds: its retention ended, nothing can be said.
    package var expired = 0

    // What is wrong.
    /// `TRUSTLOGGED` rows with no validly signed envelope of their operation where the row says.
    package var missing = 0
    /// Messages that are no validly signed record.
    package var invalid = 0
    /// Envelopes of operations that the table does not have.
    package var unknown = 0
    /// Envelopes whose record is not that of the row.
    package var different = 0

    package init() {}

    package var faults: Int { missing + invalid + unknown + different }

    mutating func count(_ status: OperationStatus) {
        rows += 1
        switch status {
        case .trustlogged: trustlogged += 1
        case .notTrustlogged: waiting += 1
        case .failed: failed += 1
        case .notRequired: notRequired += 1
        case .discarded: discarded += 1
        }
    }
}

/// Something that an audit finds wrong.
package struct AuditFinding: Sendable, Equatable {
    package enum Kind: String, Sendable {
        case missing, invalid, unknown, different
    }

    package var kind: Kind
    package var partition: Int32?
    package var offset: Int64?
    /// Of the row, where there is one.
    package var seq: Int64?
    package var opId: String?
    package var reason: String
}
