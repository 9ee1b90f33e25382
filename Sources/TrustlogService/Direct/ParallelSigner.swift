import Dispatch
import Observability
import OperationStore
import Synchronization
import TrustlogCore

/// Signs the records of whole batches, spread over as many queues as there are cores: signing is most of the work.
final class ParallelSigner: Sendable {
    private let encoder: EnvelopeEncoder
    private let lanes: [DispatchQueue]
    private let metrics: TrustlogMetrics

    init(encoder: EnvelopeEncoder, laneCount: Int, metrics: TrustlogMetrics) {
        self.encoder = encoder
        self.lanes = (0..<max(1, laneCount)).map { DispatchQueue(label: "trustlog.sign-\($0)") }
        self.metrics = metrics
    }

    /// The envelopes of the rows, in their order.
    func sign(_ rows: [IncomingOperation]) async throws(SigningError) -> [[UInt8]] {
        guard !rows.isEmpty else { return [] }
        let share = (rows.count + lanes.count - 1) / lanes.count
        let ranges = stride(from: 0, to: rows.count, by: share).map { $0..<min($0 + share, rows.count) }
        let parts = SignedParts(count: ranges.count)
        await withCheckedContinuation { continuation in
            parts.whenComplete(resume: continuation)
            for (index, range) in ranges.enumerated() {
                lanes[index].async { [self] in
                    do throws(SigningError) {
                        parts.settle(index, .success(try sign(rows[range])))
                    } catch {
                        parts.settle(index, .failure(error))
                    }
                }
            }
        }
        return try parts.joined()
    }

    private func sign(_ rows: ArraySlice<IncomingOperation>) throws(SigningError) -> [[UInt8]] {
        let begin = ContinuousClock.now
        var envelopes: [[UInt8]] = []
        envelopes.reserveCapacity(rows.count)
        for row in rows {
            envelopes.append(try encoder.encode(record: Record.encode(row.operation, source: row.source)))
        }
        metrics.stageSeconds[.sign].observe((ContinuousClock.now - begin).seconds)
        return envelopes
    }
}

/// What the lanes have signed of one batch.
private final class SignedParts: Sendable {
    private struct State {
        var parts: [Result<[[UInt8]], SigningError>?]
        var waiter: CheckedContinuation<Void, Never>?
    }

    private let state: Mutex<State>

    init(count: Int) {
        state = Mutex(State(parts: Array(repeating: nil, count: count)))
    }

    func whenComplete(resume waiter: CheckedContinuation<Void, Never>) {
        state.withLock { $0.waiter = waiter }
    }

    func settle(_ index: Int, _ part: Result<[[UInt8]], SigningError>) {
        let waiter = state.withLock { state -> CheckedContinuation<Void, Never>? in
            state.parts[index] = part
            guard state.parts.allSatisfy({ $0 != nil }) else { return nil }
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.resume()
    }

    func joined() throws(SigningError) -> [[UInt8]] {
        var envelopes: [[UInt8]] = []
        for part in state.withLock({ $0.parts }) {
            envelopes += try part?.get() ?? []
        }
        return envelopes
    }
}
