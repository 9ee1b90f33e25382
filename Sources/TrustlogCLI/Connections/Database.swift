import CommandLineTool
import Observability
import OperationStore

extension Settings {
    /// Opens the table for a one-off command, runs `body`, and closes it again.
    ///
    /// - Throws: ``CommandError``: exit code 78 under `trustlog-only`, 69 where the database does not answer within `limit`,
    ///   1 where it holds no usable schema; or what `body` throws.
    func withStore<Value: Sendable>(
        _ terminal: Terminal, limit: Duration, _ body: (any OperationStore) async throws -> Value
    ) async throws -> Value {
        let store = try requiredStore(terminal)
        do {
            try await store.requireUsable(limit: limit)
            let value = try await body(store)
            await store.close()
            return value
        } catch let error as StoreError {
            await store.close()
            throw error.commandError
        } catch let error as CommandError where error.exitCode == .unreachable {
            // Of one that does not answer, an orderly end may not come either.
            throw error
        } catch {
            await store.close()
            throw error
        }
    }

    private func requiredStore(_ terminal: Terminal) throws(CommandError) -> any OperationStore {
        guard strategy.usesDatabase else {
            throw CommandError(
                .configuration, "strategy: under trustlog-only there is no table of operations",
                hint:
                    "name the strategy of the service whose database this is, for example --set strategy=db-and-trustlog"
            )
        }
        return try openStore(logger: log.quietLogger(terminal, atLeast: .critical))
    }
}

extension OperationStore {
    fileprivate func requireUsable(limit: Duration) async throws {
        let state = try await withDeadline(limit, waitingFor: "the database") { try await self.schemaState() }
        guard let state else {
            throw CommandError(
                .failure, "the database holds no schema of Trustlog",
                hint: "is database.url the one of the service? 'trustlog migrate' creates the schema")
        }
        if let problem = state.problem { throw CommandError(.failure, "the schema cannot be used: \(problem)") }
    }
}
