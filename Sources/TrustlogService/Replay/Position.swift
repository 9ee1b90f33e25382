package import OperationStore
package import TrustlogCore

/// A place in the table of operations, as people name it (contract, section 9).
///
/// Each names a row, and a range includes the rows at both of its ends. A cursor names the row at its `sequence`, the last one
/// behind it: as the start of a range that row is published once more, which is harmless, where leaving it out might not be.
package enum Position: Sendable, Hashable {
    /// The first row.
    case beginning
    /// The row that is the last one when the position is looked up.
    case end
    /// As a start the first row recorded then or later, as an end the last one recorded then or earlier (`recorded_at`).
    case time(Timestamp)
    case operation(ExactText)
    case cursor(ExactText)

    /// What is allowed, for error messages.
    package static let expectation = "one of beginning, end, time:RFC3339, op:OPID, cursor:KEY"

    /// - Throws: ``PositionError/malformed(_:)`` that says what is wrong and what is allowed.
    package init(_ text: String) throws(PositionError) {
        switch ExactText(text) {
        case ExactText("beginning"): self = .beginning
        case ExactText("end"): self = .end
        default: self = try Self.named(text)
        }
    }

    private static func named(_ text: String) throws(PositionError) -> Position {
        if let time = text.suffix(behind: "time:") {
            guard let timestamp = Timestamp(rfc3339: time) else {
                throw .malformed(
                    "'\(time)' is no time as RFC 3339 has it, such as 2026-01-31T08:00:00Z or 2026-01-31T16:00:00+08:00"
                )
            }
            return .time(timestamp)
        }
        if let opId = text.suffix(behind: "op:") {
            guard !opId.isEmpty else { throw .malformed("'op:' names no operation") }
            return .operation(ExactText(opId))
        }
        if let key = text.suffix(behind: "cursor:") {
            guard !key.isEmpty else { throw .malformed("'cursor:' names no cursor") }
            return .cursor(ExactText(key))
        }
        throw .malformed("'\(text)' is no position; allowed: \(expectation)")
    }

    /// As it is written; times in UTC with microseconds, so that the same moment is the same text.
    package var text: String {
        switch self {
        case .beginning: "beginning"
        case .end: "end"
        case .time(let time): "time:\(time.rfc3339)"
        case .operation(let opId): "op:\(opId.string)"
        case .cursor(let key): "cursor:\(key.string)"
        }
    }
}

/// Why a position names no row.
package enum PositionError: Error, Sendable {
    /// What is wrong with the text, and what is allowed.
    case malformed(String)
    case noSuchOperation(String)
    case noSuchCursor(String)
    /// The cursor is there, but its value is no place in the table.
    case cursorHasNoPosition(String)
    /// No row was recorded at this time or later.
    case nothingRecordedSince(Timestamp)
    case store(StoreError)
}

extension String {
    /// What stands behind a prefix of ASCII.
    fileprivate func suffix(behind prefix: String) -> String? {
        utf8.starts(with: prefix.utf8) ? String(decoding: utf8.dropFirst(prefix.utf8.count), as: UTF8.self) : nil
    }
}
