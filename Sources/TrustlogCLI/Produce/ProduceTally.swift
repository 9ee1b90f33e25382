import CommandLineTool
import KafkaClient
import Synchronization

/// What became of the lines so far; says on standard error which were not produced, the first of them one by one.
final class ProduceTally: Sendable {
    struct Counts {
        var delivered = 0
        /// Not sent, as it is no operation, or refused by the broker.
        var refused = 0
        /// Without an answer, so that nobody knows.
        var unknown = 0
    }

    private static let shownLines = 50

    private let terminal: Terminal
    private let state = Mutex(Counts())

    init(_ terminal: Terminal) {
        self.terminal = terminal
    }

    var counts: Counts { state.withLock { $0 } }

    func refuse(line: Int, _ reason: String) {
        let number = state.withLock { counts in
            counts.refused += 1
            return counts.refused
        }
        if number <= Self.shownLines { terminal.reportLine("error", "line \(line): \(printable(reason))") }
        if number == Self.shownLines { terminal.reportLine("error", "further lines are only counted") }
    }

    /// - Parameter lines: the line of each slot that was used.
    func add(_ results: [DeliveryResult], lines: [Int]) {
        var delivered = 0
        var unknown = 0
        for (line, result) in zip(lines, results) {
            switch result {
            case .delivered: delivered += 1
            case .failed(let error, mayBeStored: false) where !Self.isGivenUp(error):
                refuse(line: line, "the broker refuses it: \(error)")
            case .failed, .notSent: unknown += 1
            }
        }
        state.withLock { counts in
            counts.delivered += delivered
            counts.unknown += unknown
        }
    }

    /// Taken back by this side while it waited.
    private static func isGivenUp(_ error: KafkaError) -> Bool {
        error.code == KafkaError.purgedFromQueue || error.code == KafkaError.purgedInFlight
            || error.code == KafkaError.clientClosed
    }
}
