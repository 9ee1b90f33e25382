import Observability
import OperationStore
import Synchronization
import TrustlogCore
import TrustlogTestKit

@testable import TrustlogService

/// What a replay tells, kept.
final class ReplayNotes: Replay.Observer {
    private struct State {
        var plan: ReplayPlan?
        var holders: [CursorRow] = []
        var failures: [Replay.Failure] = []
        var published = 0
    }

    private let state = Mutex(State())

    var plan: ReplayPlan? { state.withLock { $0.plan } }
    var holders: [CursorRow] { state.withLock { $0.holders } }
    var failures: [Replay.Failure] { state.withLock { $0.failures } }
    var published: Int { state.withLock { $0.published } }

    func waits(for holder: CursorRow) { state.withLock { $0.holders.append(holder) } }
    func begins(_ plan: ReplayPlan) { state.withLock { $0.plan = plan } }
    func progressed(published: Int) { state.withLock { $0.published = published } }
    func failed(_ failure: Replay.Failure) { state.withLock { $0.failures.append(failure) } }
}

extension PublishingFixture {
    /// A replay by a process of its own.
    func makeReplay(
        from: Position = .beginning, to: Position = .end, topic: String = "trustlog", key: String = "replay",
        owner: String = "replayer", rate: Double? = nil, signer: (any EnvelopeSigner)? = nil, notes: ReplayNotes
    ) throws -> Replay {
        try Replay(
            ReplayRequest(from: from, to: to, topic: topic, key: key), configuration: configuration, store: store,
            signers: [try signer ?? makeSigner()], owner: owner, rate: rate, metrics: metrics, clock: clock,
            logger: logs.logger(), observer: notes)
    }

    func cursor(_ key: String = "replay") async throws -> CursorRow? {
        try await store.cursors().first { $0.key == key }
    }
}
