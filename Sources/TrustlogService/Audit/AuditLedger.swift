import KafkaClient
import OperationStore
import TrustlogCore

/// Holds the table against the topic, without I/O.
///
/// What is kept of a row is a bit in each of a few sets, some half a byte in all: a million rows take less than a megabyte.
struct AuditLedger: Sendable {
    /// A message of the topic.
    struct Message: Sendable {
        var partition: Int32
        var offset: Int64
        var content: Content

        enum Content: Sendable {
            case record(payload: [UInt8], opId: String)
            case invalid(String)
        }
    }

    private(set) var report = AuditReport()
    /// Rows that were `TRUSTLOGGED` before the ends of the topic were looked up: their envelopes must be there.
    private var expected = SequenceSet()
    /// Rows whose envelope stands where they say.
    private var confirmed = SequenceSet()
    /// Rows of which a valid envelope was seen anywhere.
    private var seen = SequenceSet()
    /// Rows whose own envelope was told to be different: one fault is told once.
    private var told = SequenceSet()

    // MARK: The three passes

    /// First over the table.
    mutating func expect(_ row: RowPlacement) {
        report.count(row.status)
        if row.status == .trustlogged { expected.insert(row.seq) }
    }

    /// Then over the topic; `row` is the one of the record's `opId`.
    mutating func take(_ message: Message, row: OperationDetail?) -> AuditFinding? {
        report.envelopes += 1
        switch message.content {
        case .invalid(let reason):
            report.invalid += 1
            return finding(.invalid, message, opId: nil, seq: nil, reason)
        case .record(let payload, let opId):
            guard let row else {
                report.unknown += 1
                return finding(.unknown, message, opId: opId, seq: nil, "no row of the table has this opId")
            }
            if let problem = difference(payload, row) {
                report.different += 1
                if isPlace(of: row, message) { told.insert(row.row.seq) }
                return finding(.different, message, opId: opId, seq: row.row.seq, problem)
            }
            takeSame(message, row)
            return nil
        }
    }

    /// At last over the table again, for what the topic did not confirm.
    ///
    /// - Parameter ranges: what each partition held when it was opened, by its number.
    mutating func close(_ row: RowPlacement, _ ranges: [Int32: PartitionRange]) -> AuditFinding? {
        guard expected.contains(row.seq), !confirmed.contains(row.seq), !told.contains(row.seq) else { return nil }
        if isExpired(row, ranges) {
            report.expired += 1
            return nil
        }
        report.missing += 1
        return AuditFinding(
            kind: .missing, partition: row.partition, offset: row.offset, seq: row.seq, opId: row.opId,
            reason: absence(row, ranges))
    }

    /// Whether ``close(_:_:)`` has anything to look at.
    var hasUnconfirmed: Bool { report.confirmed < expected.count }

    // MARK: Comparing

    private func difference(_ payload: [UInt8], _ row: OperationDetail) -> String? {
        switch row.row.content {
        case .failure(let error): "the row cannot be read, so that nothing can be compared: \(error.message)"
        case .success(let stored):
            Record.encode(stored.operation, source: stored.source) == payload
                ? nil : "the record is not that of the row"
        }
    }

    private mutating func takeSame(_ message: Message, _ row: OperationDetail) {
        let seq = row.row.seq
        if !seen.insert(seq) { report.repeats += 1 }
        if expected.contains(seq), isPlace(of: row, message), confirmed.insert(seq) { report.confirmed += 1 }
    }

    private func isPlace(of row: OperationDetail, _ message: Message) -> Bool {
        (row.partition == nil || row.partition == message.partition)
            && (row.offset == nil || row.offset == message.offset)
    }

    private func isExpired(_ row: RowPlacement, _ ranges: [Int32: PartitionRange]) -> Bool {
        guard let partition = row.partition, let offset = row.offset else {
            // It may have been anywhere in front of what is left.
            return !seen.contains(row.seq) && ranges.values.contains { $0.low > 0 }
        }
        return ranges[partition].map { offset < $0.low } ?? false
    }

    private func absence(_ row: RowPlacement, _ ranges: [Int32: PartitionRange]) -> String {
        guard let partition = row.partition, let offset = row.offset else {
            return "it was acknowledged without a place, and the topic holds no envelope of it"
        }
        guard let range = ranges[partition] else { return "the topic has no partition \(partition)" }
        let elsewhere = seen.contains(row.seq) ? "; it is in the topic at another place" : ""
        guard offset < range.high else {
            return "the partition ends in front of offset \(offset), at \(range.high)\(elsewhere)"
        }
        return "no valid envelope of it stands there\(elsewhere)"
    }

    private func finding(
        _ kind: AuditFinding.Kind, _ message: Message, opId: String?, seq: Int64?, _ reason: String
    ) -> AuditFinding {
        AuditFinding(
            kind: kind, partition: message.partition, offset: message.offset, seq: seq, opId: opId, reason: reason)
    }
}
