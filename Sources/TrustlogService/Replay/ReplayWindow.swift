import OperationStore

/// The rows of a replay that are under way, in order, without I/O: what may be read next, and up to where everything has
/// been settled. The position only ever moves past rows that were acknowledged, or that nobody could publish.
struct ReplayWindow: Sendable {
    /// A row that was read, and what became of it.
    struct Entry: Sendable {
        var seq: Int64
        var opId: String?
        var outcome: Outcome
    }

    enum Outcome: Sendable, Equatable {
        case underWay
        case published
        /// The row's own fault: it is told, and passed.
        case failed(String)
        /// To be sent again.
        case unsent
    }

    struct Failure: Sendable, Equatable {
        var seq: Int64
        var opId: String?
        var reason: String
    }

    private struct Page: Sendable {
        var id: Int
        var entries: [Entry]
        var bytes: Int
        var isSettled: Bool
    }

    /// The last row behind which everything is settled.
    private(set) var position: Int64
    /// The first row that is not read yet, unless all are.
    private var next: Int64
    private var isReadToEnd = false
    let last: Int64
    private(set) var published = 0
    private(set) var rowsInFlight = 0
    private(set) var bytesInFlight = 0
    /// Something has to be sent again: nothing more is read until all that is under way has settled.
    private(set) var isDraining = false
    private var pages: [Page] = []
    private var lastID = 0

    /// - Parameter rest: what is left to publish.
    init(_ rest: ClosedRange<Int64>) {
        position = rest.lowerBound.predecessor
        next = rest.lowerBound
        last = rest.upperBound
    }

    var isEmpty: Bool { pages.isEmpty }

    var isFinished: Bool { pages.isEmpty && isReadToEnd }

    /// What may be read now.
    var readable: ClosedRange<Int64>? { isDraining || isReadToEnd ? nil : next...last }

    /// Takes a page that was read; returns its number. Rows that cannot be read come as failed.
    mutating func add(_ entries: [Entry], bytes: Int) -> Int {
        lastID += 1
        guard let end = entries.last?.seq else {
            // Nothing but gaps up to the end.
            isReadToEnd = true
            return lastID
        }
        move(behind: end)
        pages.append(Page(id: lastID, entries: entries, bytes: bytes, isSettled: false))
        rowsInFlight += entries.count
        bytesInFlight += bytes
        return lastID
    }

    /// Puts down what became of the rows of a page that were under way, in their order.
    mutating func settle(_ id: Int, _ outcomes: [Outcome]) {
        guard let index = pages.firstIndex(where: { $0.id == id }) else { return }
        var outcomes = outcomes[...]
        for entry in pages[index].entries.indices where pages[index].entries[entry].outcome == .underWay {
            pages[index].entries[entry].outcome = outcomes.popFirst() ?? .unsent
        }
        pages[index].isSettled = true
        if pages[index].entries.contains(where: { $0.outcome == .unsent }) { isDraining = true }
    }

    /// Moves the position past everything that is settled; returns the failures among it.
    mutating func advance() -> [Failure] {
        var failures: [Failure] = []
        while let page = pages.first, page.isSettled {
            for entry in page.entries {
                switch entry.outcome {
                case .published: published += 1
                case .failed(let reason): failures.append(Failure(seq: entry.seq, opId: entry.opId, reason: reason))
                case .underWay, .unsent:
                    beginAgainOnceSettled()
                    return failures
                }
                position = entry.seq
            }
            removeFirst()
        }
        return failures
    }

    /// What follows a row that was not sent is sent again behind it, also what was acknowledged: order per key holds.
    private mutating func beginAgainOnceSettled() {
        // The part that is behind the position is not looked at twice.
        pages[0].entries.removeAll { $0.seq <= position }
        guard pages.allSatisfy(\.isSettled) else { return }
        pages.removeAll()
        rowsInFlight = 0
        bytesInFlight = 0
        move(behind: position)
        isDraining = false
    }

    private mutating func move(behind seq: Int64) {
        isReadToEnd = seq >= last
        if !isReadToEnd { next = seq + 1 }
    }

    private mutating func removeFirst() {
        let page = pages.removeFirst()
        rowsInFlight -= page.entries.count
        bytesInFlight -= page.bytes
    }
}

extension Int64 {
    /// The number before; the lowest has none and is its own.
    var predecessor: Int64 { self == .min ? self : self - 1 }
}
