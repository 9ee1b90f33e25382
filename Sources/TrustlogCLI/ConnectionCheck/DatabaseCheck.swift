import CommandLineTool
import Glibc
import Observability
import OperationStore

/// Tries the database of the settings: whether it answers, holds the schema, and lets us read and write.
struct DatabaseCheck {
    private static let subject = "database"

    let settings: Settings
    let limit: Duration
    let logger: Logger

    func findings() async -> [Finding] {
        let store: any OperationStore
        do {
            store = try settings.openStore(logger: logger)
        } catch {
            return [Finding(.wrong, Self.subject, error.message)]
        }
        let findings = await findings(store)
        // Of one that does not answer, an orderly end may not come either.
        if findings.exitCode != .unreachable { await store.close() }
        return findings
    }

    private func findings(_ store: any OperationStore) async -> [Finding] {
        let url = settings.database.url.masked
        let state: SchemaState?
        do {
            state = try await withDeadline(limit, waitingFor: "the database") { try await store.schemaState() }
        } catch {
            return [finding(error, "\(url) cannot be used")]
        }
        if state == nil, let problem = folderProblem() {
            return [Finding(.unreachable, Self.subject, "\(url) cannot be made: \(problem)")]
        }
        var findings = [Finding(.ok, Self.subject, "\(url) answers")]
        guard let state else { return findings + [schemaToCome("holds no schema yet")] }
        if let problem = state.problem {
            return findings
                + [
                    state.version < SchemaVersion.current
                        ? schemaToCome("its schema has version \(state.version)")
                        : Finding(.wrong, "schema", problem)
                ]
        }
        findings.append(Finding(.ok, "schema", "version \(state.version)"))
        findings.append(await grants(store))
        return findings
    }

    /// Why SQLite could make no file there. (For other databases the answer itself tells.)
    private func folderProblem() -> String? {
        guard settings.database.url.kind == .sqlite else { return nil }
        let path = settings.database.url.text.dropFirst("sqlite:".count)
        let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
        guard access(folder, W_OK | X_OK) != 0 else { return nil }
        return "\(folder): \(String(cString: strerror(errno)))"
    }

    private func schemaToCome(_ what: String) -> Finding {
        settings.database.migrate
            ? Finding(.ok, "schema", "\(what); the service brings it up to date at its start (database.migrate)")
            : Finding(.wrong, "schema", what, hint: "run 'trustlog migrate', as database.migrate is false")
    }

    /// A trial of what can be undone: all counts are read, and a cursor is written and deleted.
    private func grants(_ store: any OperationStore) async -> Finding {
        let key = "config-check-" + String(UInt64.random(in: 0 ... .max), radix: 36)
        do {
            try await withDeadline(limit, waitingFor: "the database") {
                _ = try await store.statistics()
                _ = try await store.setCursor(key: key, value: "0", expected: nil)
                _ = try await store.deleteCursor(key: key)
            }
            return Finding(.ok, "grants", "the user may read and write")
        } catch {
            return finding(error, "reading and writing fails", subject: "grants")
        }
    }

    private func finding(_ error: any Error, _ what: String, subject: String = Self.subject) -> Finding {
        switch error {
        case let error as StoreError:
            Finding(error.kind == .unavailable ? .unreachable : .wrong, subject, "\(what): \(error.oneLine)")
        case let error as CommandError:
            Finding(.unreachable, subject, "\(what): \(error.message)", hint: error.hint)
        default: Finding(.wrong, subject, "\(what): \(error)")
        }
    }
}
