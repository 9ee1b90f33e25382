import OperationStore
import TrustlogCore

/// Calls that no script touches.
extension ScriptedStore {
    func claimRetries(limit: Int, lease: Duration) async throws(StoreError) -> [RetryClaim] {
        try await base.claimRetries(limit: limit, lease: lease)
    }

    func recordRetrySucceeded(_ successes: [RetrySuccess]) async throws(StoreError) {
        try await base.recordRetrySucceeded(successes)
    }

    func recordRetryObsolete(_ claims: [RetryClaim]) async throws(StoreError) {
        try await base.recordRetryObsolete(claims)
    }

    func recordRetryFailed(_ failures: [RetryFailure]) async throws(StoreError) {
        try await base.recordRetryFailed(failures)
    }

    func releaseRetries(_ claims: [RetryClaim]) async throws(StoreError) {
        try await base.releaseRetries(claims)
    }

    func retries(_ filter: RetryFilter, after: RetryPageKey?, limit: Int) async throws(StoreError) -> [RetryRow] {
        try await base.retries(filter, after: after, limit: limit)
    }

    func requeueRetries(_ filter: RetryFilter) async throws(StoreError) -> Int {
        try await base.requeueRetries(filter)
    }

    func discardRetries(_ filter: RetryFilter) async throws(StoreError) -> Int {
        try await base.discardRetries(filter)
    }

    func cursors() async throws(StoreError) -> [CursorRow] { try await base.cursors() }

    func setCursor(key: String, value: String, expected: String?) async throws(StoreError) -> Bool {
        try await base.setCursor(key: key, value: value, expected: expected)
    }

    func deleteCursor(key: String) async throws(StoreError) -> Bool { try await base.deleteCursor(key: key) }

    func bounds() async throws(StoreError) -> ClosedRange<Int64>? { try await base.bounds() }

    func sequence(recordedAtOrAfter time: Timestamp) async throws(StoreError) -> Int64? {
        try await base.sequence(recordedAtOrAfter: time)
    }

    func operation(opId: String) async throws(StoreError) -> OperationDetail? {
        try await base.operation(opId: opId)
    }

    func operations(opIds: [String]) async throws(StoreError) -> [OperationDetail] {
        try await base.operations(opIds: opIds)
    }

    func placements(in range: ClosedRange<Int64>, limit: Int) async throws(StoreError) -> [RowPlacement] {
        try await base.placements(in: range, limit: limit)
    }

    func count(in range: ClosedRange<Int64>) async throws(StoreError) -> Int { try await base.count(in: range) }

    func operationCounts() async throws(StoreError) -> OperationCounts { try await base.operationCounts() }

    func ping() async throws(StoreError) { try await base.ping() }

    func close() async { await base.close() }
}
