import CommandLineTool
import OperationStore
import TrustlogService

extension StoreError {
    /// Drivers write their messages in lines and columns.
    var oneLine: String { description.oneLine }

    /// As a one-off command reports it.
    var commandError: CommandError {
        switch kind {
        case .unavailable:
            CommandError(
                .unreachable, "the database cannot be used: \(oneLine)",
                hint: "'trustlog config check --connect' tries broker and database")
        case .schema: CommandError(.failure, "the database cannot be used: \(oneLine)")
        case .configuration: CommandError(.configuration, "database.url: \(oneLine)")
        case .closed: CommandError(.failure, "the database was left: \(oneLine)")
        }
    }
}
