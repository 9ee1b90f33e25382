import OperationStore
import TrustlogCore

/// Every call of a store that asks its database, for tests that disturb each of them.
enum StoreCalls {
    typealias Call = @Sendable (any OperationStore) async throws -> Void

    private static let claim = RetryClaim(
        opId: "a", retryCount: 0, claimedUntil: Timestamp(microseconds: 1), row: nil, isTrustlogged: false)
    static let acknowledgement = Acknowledgement(seq: 1, partition: 0, offset: 0)

    /// Every call of the protocol that asks the database.
    static let all: [(name: String, call: Call)] = [
        ("schemaState", { _ = try await $0.schemaState() }),
        ("migrate", { try await $0.migrate() }),
        ("persist", { _ = try await $0.persist(batch([sampleOperation("new")])) }),
        ("advance", { try await $0.advance([ConsumerPosition(topic: "t", partition: 0, nextOffset: 1)], group: "g") }),
        ("positions", { _ = try await $0.positions(group: "group", topic: "operations") }),
        ("waiting", { _ = try await $0.waiting(.all) }),
        ("waitingSequences", { _ = try await $0.waitingSequences(.all) }),
        ("recordAcknowledged", { try await $0.recordAcknowledged([acknowledgement]) }),
        ("recordFailed", { try await $0.recordFailed([PublishFailure(seq: 1, error: "e", delay: .seconds(1))]) }),
        ("claimRetries", { _ = try await $0.claimRetries(limit: 1, lease: .seconds(1)) }),
        (
            "recordRetrySucceeded",
            { try await $0.recordRetrySucceeded([RetrySuccess(claim: claim, acknowledgement: acknowledgement)]) }
        ),
        ("recordRetryObsolete", { try await $0.recordRetryObsolete([claim]) }),
        ("recordRetryFailed", { try await $0.recordRetryFailed([RetryFailure(claim: claim, error: "e", delay: nil)]) }),
        ("releaseRetries", { try await $0.releaseRetries([claim]) }),
        ("retries", { _ = try await $0.retries(RetryFilter(), after: nil, limit: 1) }),
        ("requeueRetries", { _ = try await $0.requeueRetries(RetryFilter()) }),
        ("discardRetries", { _ = try await $0.discardRetries(RetryFilter()) }),
        ("cursors", { _ = try await $0.cursors() }),
        (
            "acquireLease",
            { _ = try await $0.acquireLease(key: "publish-0", owner: "o", length: .seconds(1), unchanged: nil) }
        ),
        (
            "renewLease",
            { _ = try await $0.renewLease(key: "publish-0", owner: "o", length: .seconds(1), position: nil) }
        ),
        ("releaseLease", { try await $0.releaseLease(key: "publish-0", owner: "o", position: 1) }),
        ("setCursor", { _ = try await $0.setCursor(key: "mark", value: "1", expected: nil) }),
        ("deleteCursor", { _ = try await $0.deleteCursor(key: "mark") }),
        ("bounds", { _ = try await $0.bounds() }),
        ("sequence", { _ = try await $0.sequence(recordedAtOrAfter: Timestamp(microseconds: 0)) }),
        ("operation", { _ = try await $0.operation(opId: "a") }),
        ("operations", { _ = try await $0.operations(in: 1...2, limit: 1, byteLimit: 1) }),
        ("count", { _ = try await $0.count(in: 1...2) }),
        ("statistics", { _ = try await $0.statistics() }),
        ("operationCounts", { _ = try await $0.operationCounts() }),
    ]
}

/// The error of a call; `nil` where it has none.
func errorOf(_ body: @Sendable () async throws -> some Any) async -> StoreError? {
    do {
        _ = try await body()
        return nil
    } catch let error as StoreError {
        return error
    } catch {
        return StoreError(.unavailable, "not a StoreError: \(error)", code: "test")
    }
}
