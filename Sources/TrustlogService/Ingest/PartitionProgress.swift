/// How far a partition has come: the position that may be committed never passes a message which is neither persisted, nor
/// known as a duplicate, nor acknowledged as a dead letter (contract, section 7).
struct PartitionProgress: Sendable {
    /// Everything below this offset is decided: a row, a duplicate, or a dead letter that is acknowledged or on its way.
    private(set) var decided: Int64 = 0
    /// Offsets of dead letters that are not acknowledged, ascending.
    private(set) var unacknowledged: [Int64] = []

    /// The next offset to consume after a crash now.
    var position: Int64 { unacknowledged.first ?? decided }

    /// What lies before `nextOffset` is decided, the messages in `rejected` once their dead letters are acknowledged.
    mutating func advance(to nextOffset: Int64, rejected: [Int64] = []) {
        decided = nextOffset
        guard !rejected.isEmpty else { return }
        unacknowledged = (unacknowledged + rejected).sorted()
    }

    /// A message that was decided turns out to need a dead letter.
    mutating func reject(_ offset: Int64) {
        unacknowledged = (unacknowledged + [offset]).sorted()
    }

    mutating func acknowledge(_ offset: Int64) {
        unacknowledged.removeAll { $0 == offset }
    }
}
