import CRdKafka
import Synchronization

/// What became of one message.
package enum DeliveryResult: Sendable, Equatable {
    /// Acknowledged by all in-sync replicas. `offset` is `nil` where the broker did not name it (it had stored it before).
    case delivered(partition: Int32, offset: Int64?)
    /// `mayBeStored`: whether the broker has it is unknown; otherwise it surely has not.
    case failed(KafkaError, mayBeStored: Bool)
    /// It was never given to librdkafka.
    case notSent
}

/// The results of a number of messages, awaited together: one continuation a batch.
///
/// Each slot is settled exactly once: by the delivery report of the message produced for it, by an error of `produce` other
/// than `queueFull`, or by ``fail(_:)``.
package final class DeliveryBatch: Sendable {
    /// What librdkafka carries along with a message: this batch and the slot.
    struct Slot {
        var batch: Unmanaged<DeliveryBatch>
        var index: Int
    }

    struct State {
        var results: [DeliveryResult?]
        var unsettled: Int
        var hasFailed = false
        var waiters: [CheckedContinuation<[DeliveryResult], Never>] = []
        /// Of those who wait for success or failure alone.
        var outcomeWaiters: [CheckedContinuation<Bool, Never>] = []
    }

    package let count: Int
    /// Messages of this batch that librdkafka has.
    let inFlight = Atomic(0)
    private let state: Mutex<State>
    // nonisolated(unsafe): written by init only, read by the producer and its delivery reports.
    nonisolated(unsafe) private let slots: UnsafeMutablePointer<Slot>

    init(count: Int) {
        self.count = max(0, count)
        self.slots = .allocate(capacity: max(1, self.count))
        self.state = Mutex(State(results: Array(repeating: nil, count: self.count), unsettled: self.count))
        for index in 0..<self.count {
            (slots + index).initialize(to: Slot(batch: .passUnretained(self), index: index))
        }
    }

    deinit {
        slots.deallocate()
    }

    /// The results by slot, when every slot is settled.
    package func results() async -> [DeliveryResult] {
        await withCheckedContinuation { continuation in
            let settled = state.withLock { state in
                if state.unsettled > 0 {
                    state.waiters.append(continuation)
                    return [DeliveryResult]?.none
                }
                return state.settledResults
            }
            if let settled { continuation.resume(returning: settled) }
        }
    }

    /// Whether every message was delivered; returns as soon as one was not. (In a transaction nothing is sent behind that.)
    package func isDelivered() async -> Bool {
        await withCheckedContinuation { continuation in
            let outcome = state.withLock { state in
                let outcome = state.outcome
                if outcome == nil { state.outcomeWaiters.append(continuation) }
                return outcome
            }
            if let outcome { continuation.resume(returning: outcome) }
        }
    }

    /// Marks a slot as not sent; a slot that is settled, or not one of this batch, stays as it is.
    package func fail(_ index: Int) {
        settle { $0.settle(index, .notSent) }
    }

    func slot(_ index: Int) -> UnsafeMutableRawPointer { UnsafeMutableRawPointer(slots + index) }

    static func slot(of opaque: UnsafeMutableRawPointer) -> Slot {
        opaque.assumingMemoryBound(to: Slot.self).pointee
    }

    /// Settles any number of slots under one lock; who waits for the last one is resumed after unlocking.
    func settle(_ body: (inout State) -> Void) {
        let (waiters, results, outcomeWaiters, outcome) = state.withLock { state in
            body(&state)
            let waiters = state.takeWaiters()
            return (waiters, waiters.isEmpty ? [] : state.settledResults, state.takeOutcomeWaiters(), state.outcome)
        }
        for waiter in outcomeWaiters { waiter.resume(returning: outcome ?? false) }
        for waiter in waiters { waiter.resume(returning: results) }
    }
}

extension DeliveryBatch.State {
    mutating func settle(_ index: Int, _ result: DeliveryResult) {
        guard results.indices.contains(index), results[index] == nil else { return }
        results[index] = result
        unsettled -= 1
        if case .delivered = result { return }
        hasFailed = true
    }

    /// `nil` while it is open.
    var outcome: Bool? { hasFailed ? false : unsettled == 0 ? true : nil }

    mutating func takeWaiters() -> [CheckedContinuation<[DeliveryResult], Never>] {
        guard unsettled == 0 else { return [] }
        defer { waiters = [] }
        return waiters
    }

    mutating func takeOutcomeWaiters() -> [CheckedContinuation<Bool, Never>] {
        guard outcome != nil else { return [] }
        defer { outcomeWaiters = [] }
        return outcomeWaiters
    }

    mutating func settleRest(_ result: DeliveryResult) {
        for index in results.indices { settle(index, result) }
    }

    var settledResults: [DeliveryResult] { results.map { $0 ?? .notSent } }
}
