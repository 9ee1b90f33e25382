package import OperationStore
import TrustlogCore

/// Looks up the rows that positions name.
package struct PositionResolver: Sendable {
    private let store: any OperationStore

    /// `recorded_at` grows with `seq`, but for rows that were inserted side by side: so many around the place that halving
    /// the table finds are looked at one by one.
    private static let neighbourhood: Int64 = 2_000
    private static let pageByteLimit = 8 << 20

    package init(_ store: any OperationStore) {
        self.store = store
    }

    /// The rows from one position to another, both included, as the table is now; `nil` where there are none between them.
    package func range(from: Position, to: Position) async throws(PositionError) -> ClosedRange<Int64>? {
        let first = try await first(from)
        let last = try await last(to)
        guard let first, let last, first <= last else { return nil }
        return first...last
    }

    /// The row that a bookmark at this position names; 0 where the table is empty.
    package func sequence(of position: Position) async throws(PositionError) -> Int64 {
        if let sequence = try await first(position) { return sequence }
        if case .time(let time) = position { throw .nothingRecordedSince(time) }
        return 0
    }

    private func first(_ position: Position) async throws(PositionError) -> Int64? {
        switch position {
        case .time(let time): return try await reading { () async throws(StoreError) in try await first(at: time) }
        case .beginning: return try await bounds()?.lowerBound
        case .end: return try await bounds()?.upperBound
        case .operation(let opId): return try await sequence(ofOperation: opId.string)
        case .cursor(let key): return try await sequence(ofCursor: key)
        }
    }

    private func last(_ position: Position) async throws(PositionError) -> Int64? {
        guard case .time(let time) = position else { return try await first(position) }
        return try await reading { () async throws(StoreError) in try await last(at: time) }
    }

    private func bounds() async throws(PositionError) -> ClosedRange<Int64>? {
        try await reading { () async throws(StoreError) in try await store.bounds() }
    }

    private func sequence(ofOperation opId: String) async throws(PositionError) -> Int64 {
        let detail = try await reading { () async throws(StoreError) in try await store.operation(opId: opId) }
        guard let detail else { throw .noSuchOperation(opId) }
        return detail.row.seq
    }

    private func sequence(ofCursor key: ExactText) async throws(PositionError) -> Int64 {
        let cursors = try await reading { () async throws(StoreError) in try await store.cursors() }
        guard let cursor = cursors.first(where: { ExactText($0.key) == key }) else { throw .noSuchCursor(key.string) }
        guard let sequence = cursor.value.flatMap({ CursorKey.sequence(ofValue: $0) }) else {
            throw .cursorHasNoPosition(key.string)
        }
        return sequence
    }

    // MARK: By time

    /// The first row recorded at `time` or later.
    private func first(at time: Timestamp) async throws(StoreError) -> Int64? {
        guard let bounds = try await store.bounds() else { return nil }
        var found = try await store.sequence(recordedAtOrAfter: time)
        var end = found.map(\.predecessor) ?? bounds.upperBound
        while end >= bounds.lowerBound {
            let start = max(bounds.lowerBound, end.advancedClamping(by: 1 - Self.neighbourhood))
            let rows = try await rows(in: start...end) { $0 >= time }
            guard let earlier = rows.first else { break }
            found = earlier
            guard start > bounds.lowerBound else { break }
            end = start - 1
        }
        return found
    }

    /// The last row recorded at `time` or earlier.
    private func last(at time: Timestamp) async throws(StoreError) -> Int64? {
        guard let bounds = try await store.bounds() else { return nil }
        let next = Timestamp(microseconds: time.microseconds + 1)
        guard let later = try await store.sequence(recordedAtOrAfter: next) else { return bounds.upperBound }
        var found = later > bounds.lowerBound ? later - 1 : nil
        var start = later
        while true {
            let end = min(bounds.upperBound, start.advancedClamping(by: Self.neighbourhood - 1))
            guard start <= end, let last = try await rows(in: start...end, where: { $0 <= time }).last else { break }
            found = last
            guard end < bounds.upperBound else { break }
            start = end + 1
        }
        return found
    }

    private func rows(
        in range: ClosedRange<Int64>, where isWanted: (Timestamp) -> Bool
    ) async throws(StoreError) -> [Int64] {
        var found: [Int64] = []
        var next = range.lowerBound
        while true {
            let page = try await store.operations(
                in: next...range.upperBound, limit: Int(Self.neighbourhood), byteLimit: Self.pageByteLimit)
            guard let last = page.last?.seq else { break }
            found += page.filter { $0.recordedAt.map(isWanted) ?? false }.map(\.seq)
            guard last < range.upperBound else { break }
            next = last + 1
        }
        return found
    }

    private func reading<Value: Sendable>(
        _ body: () async throws(StoreError) -> Value
    ) async throws(PositionError) -> Value {
        do {
            return try await body()
        } catch {
            throw .store(error)
        }
    }
}

extension Int64 {
    fileprivate func advancedClamping(by distance: Int64) -> Int64 {
        let (sum, overflow) = addingReportingOverflow(distance)
        return overflow ? (distance > 0 ? .max : .min) : sum
    }
}
