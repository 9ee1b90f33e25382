package import OperationStore
import TrustlogCore

/// Sets and deletes the cursors that people may: bookmarks, and those of replays that nobody works on.
///
/// A publishing cursor is refused: its value is only a hint for speed, so that moving it would publish nothing again and skip
/// nothing, and deleting it would take its lease from the process that works it.
package struct CursorEditor: Sendable {
    package enum Problem: Error, Sendable {
        case publishingCursor(String)
        case missing(String)
        /// It is there, and overwriting was not asked for; where it would go.
        case exists(CursorRow, newSequence: Int64)
        /// A running replay holds its lease.
        case held(CursorRow)
        /// A replay's position lies within its range.
        case outOfRange(ReplayCursor, sequence: Int64)
        case position(PositionError)
        case store(StoreError)
    }

    package struct Change: Sendable {
        package var sequence: Int64
        /// Where it stood; `nil` for a new one.
        package var previous: String?
    }

    private let store: any OperationStore
    private let owner: String
    /// Longer than a few statements take.
    private static let leaseLength = Duration.seconds(5)

    /// - Parameter owner: names this process in the lease that it takes for the change.
    package init(_ store: any OperationStore, owner: String) {
        self.store = store
        self.owner = owner
    }

    /// The row of a key that may be changed.
    package func existing(_ key: String) async throws(Problem) -> CursorRow? {
        guard !CursorKey.isPublishing(key) else { throw .publishingCursor(key) }
        let rows = try await storing { () async throws(StoreError) in try await store.cursors() }
        return rows.first { ExactText($0.key) == ExactText(key) }
    }

    /// Makes a bookmark, or moves a cursor that is there.
    package func set(_ key: String, to position: Position, overwrites: Bool) async throws(Problem) -> Change {
        let row = try await existing(key)
        let sequence: Int64
        do {
            sequence = try await PositionResolver(store).sequence(of: position)
        } catch {
            throw .position(error)
        }
        guard let row else {
            _ = try await storing { () async throws(StoreError) in
                try await store.setCursor(key: key, value: String(sequence), expected: nil)
            }
            return Change(sequence: sequence, previous: nil)
        }
        guard overwrites || row.value == nil else { throw .exists(row, newSequence: sequence) }
        let previous = try await take(key)
        let value: String
        do throws(Problem) {
            value = try Self.value(sequence, over: previous)
        } catch {
            try await release(key)
            throw error
        }
        _ = try await storing { () async throws(StoreError) in
            try await store.setCursor(key: key, value: value, expected: nil)
        }
        try await release(key)
        return Change(sequence: sequence, previous: previous)
    }

    /// Deletes a cursor.
    package func delete(_ key: String) async throws(Problem) {
        guard try await existing(key) != nil else { throw .missing(key) }
        _ = try await take(key)
        _ = try await storing { () async throws(StoreError) in try await store.deleteCursor(key: key) }
    }

    /// A replay that is moved stays one, of the same range and topic.
    private static func value(_ sequence: Int64, over previous: String?) throws(Problem) -> String {
        guard let previous, var replay = ReplayCursor(value: previous) else { return String(sequence) }
        guard sequence >= replay.range.lowerBound.predecessor, sequence <= replay.range.upperBound else {
            throw .outOfRange(replay, sequence: sequence)
        }
        replay.sequence = sequence
        return replay.value
    }

    /// The lease keeps a replay from starting in the middle of the change; returns the value.
    private func take(_ key: String) async throws(Problem) -> String? {
        let attempt = try await storing { () async throws(StoreError) in
            try await store.acquireLease(key: key, owner: owner, length: Self.leaseLength, unchanged: nil)
        }
        switch attempt {
        case .granted(let value): return value
        case .held(let row): throw .held(row)
        }
    }

    private func release(_ key: String) async throws(Problem) {
        try await storing { () async throws(StoreError) in
            try await store.releaseLease(key: key, owner: owner, position: nil)
        }
    }

    private func storing<Value: Sendable>(
        _ body: () async throws(StoreError) -> Value
    ) async throws(Problem) -> Value {
        do {
            return try await body()
        } catch {
            throw .store(error)
        }
    }
}
