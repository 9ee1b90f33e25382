import CommandLineTool
import OperationStore
import TrustlogCore

/// `trustlog retries show OPID`.
enum RetriesShowCommand {
    private static let opId = Argument<String>("OPID", help: "The operation.")

    static let command: Command = Command(
        "show", abstract: "Show one row with its operation.",
        discussion: "Exit code 1 if no row of trustlog_retry has this opId.",
        parameters: [OutputFormat.option, TimeLimit.option, opId]
    ) { arguments, terminal in
        let settings = try GlobalOptions.loadSettings(arguments, terminal, for: .database).settings
        return try await settings.withStore(terminal, limit: arguments[TimeLimit.option].duration) { store in
            let id = arguments[opId]
            let row = try await store.retries(RetryFilter(opIds: [id]), after: nil, limit: 1).first
            let detail = try await store.operation(opId: id)
            guard let row else { throw RetriesCommand.unknown([(id, detail?.status)]) }
            switch arguments[OutputFormat.option] {
            case .json: terminal.writeLine(row.json(with: detail).prettyText)
            case .jsonl: terminal.writeLine(row.json(with: detail).compactText)
            case .text: terminal.write(text(row, detail))
            }
            return .success
        }
    }

    private static func text(_ row: RetryRow, _ detail: OperationDetail?) -> String {
        var facts = [
            ("opId", row.opId), ("status", row.status.rawValue), ("retries", String(row.retryCount)),
            ("next retry", row.nextRetryAt?.rfc3339 ?? "none: it needs a decision (requeue or discard)"),
            ("first failed", row.firstFailedAt.rfc3339), ("updated", row.updatedAt.rfc3339),
            ("last error", row.lastError ?? "none"),
        ]
        switch detail?.row.content {
        case nil: facts.append(("operation", "none has this opId"))
        case .failure(let error):
            facts.append(("operation", "seq \(detail?.row.seq ?? 0) cannot be read: \(error.message)"))
        case .success:
            facts.append(("operation", "seq \(detail?.row.seq ?? 0), \(detail?.status.rawValue ?? "")"))
            facts.append(("record", detail?.record.compactText ?? ""))
        }
        return facts.map { name, value in
            "\(name)\(String(repeating: " ", count: 14 - name.utf8.count))\(printable(value))\n"
        }.joined()
    }
}

extension RetryRow {
    /// What `retries show` tells: the row of the listing, and the record.
    fileprivate func json(with detail: OperationDetail?) -> JSONValue {
        guard case .object(let members) = json else { return json }
        return .object(members + [JSONValue.Member("operation", detail?.record ?? .null)])
    }
}

extension RetriesCommand {
    /// - Parameter opIds: each with the status of its operation, if there is one.
    static func unknown(_ opIds: [(opId: String, status: OperationStatus?)]) -> CommandError {
        let lines = opIds.map { opId, status in
            let name = printable(opId)
            return switch status {
            case nil: "\(name): neither an operation nor a retry has this opId"
            case .trustlogged?: "\(name): nothing to retry, it is TRUSTLOGGED"
            case .failed?:
                "\(name): its status is FAILED, but it has no row in trustlog_retry ('trustlog retries requeue' makes one)"
            case let status?: "\(name): nothing to retry, its status is \(status.rawValue)"
            }
        }
        return CommandError(
            .failure, lines.joined(separator: "\n"), hint: "'trustlog retries list' shows what waits for a retry")
    }
}
