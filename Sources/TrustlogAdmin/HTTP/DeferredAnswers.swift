import CMicroHTTPD
import Synchronization

/// The connections that are set aside while a task computes their answer.
///
/// Each is resumed exactly once: by the first of its task, its deadline and `stop()`. A suspended connection is never
/// closed by the daemon, so its pointer is valid until then, and the daemon must not be stopped before all are resumed.
final class DeferredAnswers: Sendable {
    typealias ID = UInt64

    private struct State {
        var isStopping = false
        var lastID: ID = 0
        var suspended: [ID: SuspendedConnection] = [:]
        /// Ready, and not yet taken by the daemon's thread.
        var answers: [ID: HTTPResponse] = [:]
        /// Tasks that have not ended, also those whose deadline has passed.
        var tasks: [ID: Task<Void, Never>] = [:]
    }

    // @unchecked: a pointer that is used under the state's lock only.
    private struct SuspendedConnection: @unchecked Sendable {
        let pointer: OpaquePointer
    }

    private let state = Mutex(State())
    private let limits: HTTPServerLimits
    private let errorForm: HTTPResponse.ErrorForm

    init(limits: HTTPServerLimits, errorForm: HTTPResponse.ErrorForm) {
        self.limits = limits
        self.errorForm = errorForm
    }

    enum Beginning {
        /// The daemon calls again for this one when there is an answer.
        case suspended(ID)
        case refused(HTTPResponse)
    }

    /// Suspends the connection and starts the task. Called by the daemon's thread, from within the request's callback.
    func begin(
        _ connection: OpaquePointer, _ request: HTTPRequest,
        _ handler: @escaping @Sendable (HTTPRequest) async -> HTTPResponse
    ) -> Beginning {
        let suspended = SuspendedConnection(pointer: connection)
        return state.withLock { state in
            if state.isStopping { return .refused(stoppingResponse) }
            guard state.tasks.count < limits.concurrentAnswers else {
                return .refused(
                    errorForm.response(status: 503, "too many requests are being answered; ask again in a moment"))
            }
            MHD_suspend_connection(suspended.pointer)
            state.lastID += 1
            let id = state.lastID
            state.suspended[id] = suspended
            let deadline = Task { await expire(id) }
            state.tasks[id] = Task {
                let response = await handler(request)
                deadline.cancel()
                ended(id)
                complete(id, with: response)
            }
            return .suspended(id)
        }
    }

    /// The answer of a connection that was resumed.
    func take(_ id: ID) -> HTTPResponse? {
        state.withLock { $0.answers.removeValue(forKey: id) }
    }

    /// Resumes all connections and cancels their tasks; no further one is suspended.
    func stop() {
        let tasks = state.withLock { state in
            state.isStopping = true
            for id in Array(state.suspended.keys) {
                DeferredAnswers.resume(id, with: stoppingResponse, in: &state)
            }
            return Array(state.tasks.values)
        }
        for task in tasks { task.cancel() }
    }

    private func expire(_ id: ID) async {
        do {
            try await limits.sleep(limits.answerDeadline)
        } catch {
            return
        }
        let late = errorForm.response(
            status: 503, "no answer within \(limits.answerDeadline); the database may be slow or unreachable")
        guard complete(id, with: late) else { return }
        state.withLock { $0.tasks[id] }?.cancel()
    }

    private func ended(_ id: ID) {
        state.withLock { $0.tasks[id] = nil }
    }

    @discardableResult
    private func complete(_ id: ID, with response: HTTPResponse) -> Bool {
        state.withLock { DeferredAnswers.resume(id, with: response, in: &$0) }
    }

    /// Under the lock, so that `stop()` cannot return between an answer and its resumption.
    @discardableResult
    private static func resume(_ id: ID, with response: HTTPResponse, in state: inout State) -> Bool {
        guard let connection = state.suspended.removeValue(forKey: id) else { return false }
        state.answers[id] = response
        MHD_resume_connection(connection.pointer)
        return true
    }

    private var stoppingResponse: HTTPResponse { errorForm.response(status: 503, "shutting down") }
}
