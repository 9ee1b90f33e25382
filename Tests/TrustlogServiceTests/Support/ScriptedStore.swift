import OperationStore
import Synchronization
import TrustlogCore

/// A real store behind a script: calls are recorded, fail on demand, and wait at gates.
final class ScriptedStore: OperationStore {
    enum Call: Hashable, Sendable {
        case migrate, schemaState, persist, advance, positions, waiting, recordAcknowledged, recordFailed
        case acquireLease, renewLease, releaseLease, statistics, replayPage, announce
    }

    private struct State {
        var counts: [Call: Int] = [:]
        var failures: [Call: Int] = [:]
        var gates: [Call: Gate] = [:]
        var persisted: [IngestBatch] = []
        var advanced: [ConsumerPosition] = []
        var acknowledged: [[Acknowledgement]] = []
        var failed: [PublishFailure] = []
        var scans: [WaitingScan] = []
    }

    let base: any OperationStore
    private let state = Mutex(State())
    private let (announced, announcer) = AsyncStream.makeStream(of: Void.self)

    init(_ base: any OperationStore) {
        self.base = base
    }

    // MARK: Script

    /// The next calls fail as if the database were away.
    func fail(_ calls: Call..., times: Int = .max) {
        state.withLock { state in for call in calls { state.failures[call] = times } }
    }

    func heal(_ calls: Call...) {
        state.withLock { state in for call in calls { state.failures[call] = nil } }
    }

    /// Calls wait until the gate that is returned is opened.
    func hold(_ call: Call) -> Gate {
        let gate = Gate()
        state.withLock { $0.gates[call] = gate }
        return gate
    }

    func announceFromOutside() { announcer.yield() }

    func count(_ call: Call) -> Int { state.withLock { $0.counts[call] ?? 0 } }
    /// Batches that were committed.
    var persisted: [IngestBatch] { state.withLock { $0.persisted } }
    var advanced: [ConsumerPosition] { state.withLock { $0.advanced } }
    var acknowledged: [[Acknowledgement]] { state.withLock { $0.acknowledged } }
    var failed: [PublishFailure] { state.withLock { $0.failed } }
    var scans: [WaitingScan] { state.withLock { $0.scans } }

    /// It fails away from the caller's executor, as the connections of a store do.
    @concurrent private func enter(_ call: Call) async throws(StoreError) {
        let gate = state.withLock { state in
            state.counts[call, default: 0] += 1
            return state.gates[call]
        }
        await gate?.pass()
        let fails = state.withLock { state in
            guard let left = state.failures[call], left > 0 else { return false }
            state.failures[call] = left == .max ? left : left - 1
            return true
        }
        if fails { throw StoreError(.unavailable, "the test's database is away") }
    }

    // MARK: Scripted calls

    func migrate() async throws(StoreError) {
        try await enter(.migrate)
        try await base.migrate()
    }

    func schemaState() async throws(StoreError) -> SchemaState? {
        try await enter(.schemaState)
        return try await base.schemaState()
    }

    func persist(_ batch: IngestBatch) async throws(StoreError) -> PersistResult {
        try await enter(.persist)
        let result = try await base.persist(batch)
        state.withLock { $0.persisted.append(batch) }
        return result
    }

    func advance(_ positions: [ConsumerPosition], group: String) async throws(StoreError) {
        try await enter(.advance)
        try await base.advance(positions, group: group)
        state.withLock { $0.advanced += positions }
    }

    func positions(group: String, topic: String) async throws(StoreError) -> [ConsumerPosition] {
        try await enter(.positions)
        return try await base.positions(group: group, topic: topic)
    }

    func waiting(_ scan: WaitingScan) async throws(StoreError) -> [StoredRow] {
        state.withLock { $0.scans.append(scan) }
        try await enter(.waiting)
        return try await base.waiting(scan)
    }

    func waitingSequences(_ scan: WaitingScan) async throws(StoreError) -> [Int64] {
        try await base.waitingSequences(scan)
    }

    @discardableResult
    func recordAcknowledged(_ acknowledgements: [Acknowledgement]) async throws(StoreError) -> Int {
        try await enter(.recordAcknowledged)
        let count = try await base.recordAcknowledged(acknowledgements)
        state.withLock { $0.acknowledged.append(acknowledgements) }
        return count
    }

    func recordFailed(_ failures: [PublishFailure]) async throws(StoreError) {
        try await enter(.recordFailed)
        try await base.recordFailed(failures)
        state.withLock { $0.failed += failures }
    }

    func acquireLease(
        key: String, owner: String, length: Duration, unchanged: CursorRow?
    ) async throws(StoreError) -> LeaseAttempt {
        try await enter(.acquireLease)
        return try await base.acquireLease(key: key, owner: owner, length: length, unchanged: unchanged)
    }

    func renewLease(key: String, owner: String, length: Duration, position: Int64?) async throws(StoreError) -> Bool {
        try await enter(.renewLease)
        return try await base.renewLease(key: key, owner: owner, length: length, position: position)
    }

    func releaseLease(key: String, owner: String, position: Int64?) async throws(StoreError) {
        try await enter(.releaseLease)
        try await base.releaseLease(key: key, owner: owner, position: position)
    }

    func statistics() async throws(StoreError) -> StoreStatistics {
        try await enter(.statistics)
        return try await base.statistics()
    }

    func operations(in range: ClosedRange<Int64>, limit: Int, byteLimit: Int) async throws(StoreError) -> [StoredRow] {
        try await enter(.replayPage)
        return try await base.operations(in: range, limit: limit, byteLimit: byteLimit)
    }

    func announcements() -> AsyncStream<Void> { announced }

    func announce() async throws(StoreError) {
        try await enter(.announce)
        try await base.announce()
    }
}
