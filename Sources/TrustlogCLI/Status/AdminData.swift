import CommandLineTool
import OperationStore
import TrustlogAdmin
import TrustlogService

/// What the admin API answers, from the monitor and the database.
struct AdminData: AdminDataSource {
    let monitor: StatusMonitor
    /// `nil` under `trustlog-only`: there are no rows to show.
    let store: (any OperationStore)?

    func status() async throws(AdminDataError) -> String {
        await monitor.report().json.compactText + "\n"
    }

    /// Of a database that does not answer there is no listing: what was known of it last is shown by the status, which says
    /// that it is away.
    func cursors() async throws(AdminDataError) -> String {
        let report = await monitor.report()
        if let problem = report.databaseProblem { throw AdminDataError(.unavailable, problem.oneLine) }
        if store != nil, report.statistics == nil {
            throw AdminDataError(.unavailable, "the database was not asked yet")
        }
        return JSONValue.array(report.cursors.map(\.json)).compactText + "\n"
    }

    func retries(_ query: RetriesQuery) async throws(AdminDataError) -> String {
        guard let store else { return "[]\n" }
        let filter = RetryFilter(onlyDeadLetters: query.onlyDeadLetters, errorContains: query.errorContains)
        let rows = try await answer { () async throws(StoreError) in
            try await store.retries(filter, after: nil, limit: query.limit)
        }
        return JSONValue.array(rows.map(\.json)).compactText + "\n"
    }

    func operation(opId: String) async throws(AdminDataError) -> String? {
        guard let store else { return nil }
        let detail = try await answer { () async throws(StoreError) in try await store.operation(opId: opId) }
        return detail.map { $0.json.compactText + "\n" }
    }

    private func answer<R: Sendable>(_ body: () async throws(StoreError) -> R) async throws(AdminDataError) -> R {
        do {
            return try await body()
        } catch {
            throw AdminDataError(error)
        }
    }
}

extension AdminDataError {
    /// Whatever keeps the database away may end, also a schema that is missing; a URL that is wrong stays so.
    init(_ error: StoreError) {
        self.init(error.kind == .configuration ? .failed : .unavailable, error.oneLine)
    }
}
