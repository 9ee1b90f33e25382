package import OperationStore
package import TrustlogCore

/// What a person asks for.
package struct ReplayRequest: Sendable {
    package var from: Position
    package var to: Position
    package var topic: String
    /// Of the cursor that keeps the position.
    package var key: String

    package init(from: Position, to: Position, topic: String, key: String) {
        self.from = from
        self.to = to
        self.topic = topic
        self.key = key
    }
}

/// What a replay is about to publish.
package struct ReplayPlan: Sendable {
    /// `nil`: no row lies between the positions.
    package var cursor: ReplayCursor?
    /// How many rows there are left.
    package var records: Int
    /// Whether it goes on where an earlier one was interrupted.
    package var isResumed: Bool
    /// `recorded_at` of the first and the last row that is left.
    package var times: (first: Timestamp?, last: Timestamp?)

    /// - Parameter value: what the cursor holds; `nil` where there is none yet.
    @concurrent init(_ request: ReplayRequest, value: String?, _ store: any OperationStore) async throws(ReplayError) {
        let cursor: ReplayCursor?
        if let value {
            cursor = try Self.cursor(of: request, value: value)
        } else {
            cursor = try await Self.begin(request, store)
        }
        self.cursor = cursor
        isResumed = value != nil
        records = 0
        times = (nil, nil)
        guard let rest = cursor?.rest else { return }
        do {
            records = try await store.count(in: rest)
            times.first = try await store.operations(in: rest, limit: 1, byteLimit: 1 << 20).first?.recordedAt
            times.last =
                try await store.operations(
                    in: rest.upperBound...rest.upperBound, limit: 1, byteLimit: 1 << 20
                ).first?.recordedAt
        } catch {
            throw .store(error)
        }
    }

    /// The cursor of this very command.
    static func cursor(of request: ReplayRequest, value: String) throws(ReplayError) -> ReplayCursor {
        guard let cursor = ReplayCursor(value: value) else {
            throw .unreadableCursor(key: request.key, value: value)
        }
        guard cursor.isOf(from: request.from, to: request.to, topic: request.topic) else {
            throw .otherCommand(cursor)
        }
        return cursor
    }

    private static func begin(
        _ request: ReplayRequest, _ store: any OperationStore
    ) async throws(ReplayError) -> ReplayCursor? {
        do {
            let range = try await PositionResolver(store).range(from: request.from, to: request.to)
            return range.map {
                ReplayCursor(range: $0, topic: request.topic, from: request.from, to: request.to)
            }
        } catch {
            throw .position(error)
        }
    }

    /// What the command would do now, without doing any of it.
    @concurrent package static func preview(
        _ request: ReplayRequest, of store: any OperationStore
    ) async throws(ReplayError) -> ReplayPlan {
        try await ReplayPlan(request, value: try await existing(request.key, store)?.value, store)
    }

    /// The row of the key, if there is one and a replay may use it.
    @concurrent static func existing(_ key: String, _ store: any OperationStore) async throws(ReplayError) -> CursorRow?
    {
        guard !CursorKey.isPublishing(key) else { throw .keyOfWorker(key) }
        let rows: [CursorRow]
        do {
            rows = try await store.cursors()
        } catch {
            throw .store(error)
        }
        guard let row = rows.first(where: { ExactText($0.key) == ExactText(key) }) else { return nil }
        // A replay that was killed between its first two steps left a row without a value.
        if row.value != nil, CursorKey.kind(of: key, value: row.value) == .bookmark { throw .keyOfBookmark(row) }
        return row
    }
}
