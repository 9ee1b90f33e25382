import CommandLineTool
import OperationStore

extension StoreError {
    /// As a one-off command reports it.
    var commandError: CommandError {
        switch kind {
        case .unavailable:
            CommandError(
                .unreachable, "the database cannot be used: \(description)",
                hint: "'trustlog config check --connect' tries broker and database")
        case .schema: CommandError(.failure, "the database cannot be used: \(description)")
        case .configuration: CommandError(.configuration, "database.url: \(description)")
        case .closed: CommandError(.failure, "the database was left: \(description)")
        }
    }
}
