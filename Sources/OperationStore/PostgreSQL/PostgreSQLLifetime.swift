import BlockingExecutor
import CLibPQ
import Glibc

/// What the connections of one store know of its end, and how a statement that runs is stopped from another thread.
///
/// Open → closed, once. From then on no statement begins; those that run may end by themselves, are cancelled on the server
/// after ``patience``, and are given up with their connection after ``deadline``.
final class PostgreSQLLifetime: Sendable {
    /// How long a statement may go on once the store is closed, before the server is asked to cancel it.
    static let patience = Duration.seconds(1)
    /// How long its answer is waited for once the store is closed.
    static let deadline = Duration.seconds(3)

    private struct State {
        var closedAt: ContinuousClock.Instant?
        var nextID = 0
        /// What can cancel the statements that run.
        var running: [Int: PostgreSQLCancelHandle] = [:]
        /// How many threads make a connection, which nothing can interrupt.
        var connecting = 0

        var isQuiet: Bool { running.isEmpty && connecting == 0 }
    }

    private let state = ConditionLock(State())
    /// The reading end of a pipe, which poll(2) reports once the store is closed; -1 where the process had no descriptors
    /// left: then a close waits for the statements that run.
    let closedDescriptor: Int32
    private let writingEnd: Int32

    init() {
        var ends: [Int32] = [-1, -1]
        if pipe(&ends) == 0 {
            for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        }
        (closedDescriptor, writingEnd) = (ends[0], ends[1])
    }

    deinit {
        if closedDescriptor >= 0 { Glibc.close(closedDescriptor) }
        if writingEnd >= 0 { Glibc.close(writingEnd) }
    }

    var isClosed: Bool { state.withLock { $0.closedAt != nil } }

    /// When a statement that runs is given up; `nil` while the store is open.
    var giveUpAt: ContinuousClock.Instant? {
        state.withLock { $0.closedAt.map { $0 + Self.deadline } }
    }

    /// Announces a statement. - Throws: once the store is closed.
    func begin(_ handle: PostgreSQLCancelHandle) throws(PostgreSQLFailure) -> Int {
        let id = state.withLock { state -> Int? in
            guard state.closedAt == nil else { return nil }
            state.nextID += 1
            state.running[state.nextID] = handle
            return state.nextID
        }
        guard let id else { throw .closed }
        return id
    }

    func end(_ id: Int) {
        state.signal { $0.running[id] = nil }
    }

    /// Runs `body`, which makes a connection. - Throws: once the store is closed.
    func connecting<Value>(
        _ body: () throws(PostgreSQLFailure) -> Value
    ) throws(PostgreSQLFailure) -> Value {
        let isOpen = state.withLock { state -> Bool in
            guard state.closedAt == nil else { return false }
            state.connecting += 1
            return true
        }
        guard isOpen else { throw .closed }
        defer { state.signal { $0.connecting -= 1 } }
        return try body()
    }

    /// Lets no statement begin any more. Returns false if that was so already.
    func close() -> Bool {
        var isFirst = false
        state.signal { state in
            guard state.closedAt == nil else { return }
            state.closedAt = .now
            isFirst = true
        }
        // One byte that nobody reads: the descriptor stays readable.
        if isFirst { _ = write(writingEnd, [1], 1) }
        return isFirst
    }

    /// Blocks until the store is closed, or `timeout` has passed.
    func waitForClose(timeout: Duration) {
        _ = state.wait(timeout: timeout, until: { $0.closedAt != nil })
    }

    /// Blocks until no thread is at work, which it helps by cancelling statements after ``patience``, but not for longer than
    /// ``deadline`` and a little. Returns whether all are done.
    func waitUntilQuiet() -> Bool {
        if state.wait(timeout: Self.patience, until: { $0.isQuiet }) { return true }
        for handle in state.withLock({ Array($0.running.values) }) { handle.cancel() }
        return state.wait(timeout: Self.deadline, until: { $0.isQuiet })
    }
}

/// The right to cancel what a connection does, from any thread.
// @unchecked: a PGcancel never changes after it is made, and PQcancel may be called from any thread (libpq, section 34.7).
final class PostgreSQLCancelHandle: @unchecked Sendable {
    private let handle: OpaquePointer?

    init(connection: OpaquePointer) {
        handle = PQgetCancel(connection)
    }

    deinit {
        PQfreeCancel(handle)
    }

    /// Asks the server over a connection of its own. Whether it heeds is seen by the statement's end.
    func cancel() {
        var message = [CChar](repeating: 0, count: 256)
        _ = PQcancel(handle, &message, Int32(message.count))
    }
}
