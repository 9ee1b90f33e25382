import CommandLineTool
import Observability
import OperationStore

extension Settings {
    /// The store that the settings name; the database need not be there yet.
    func openStore(logger: Logger) throws(CommandError) -> any OperationStore {
        do {
            return try StoreFactory.open(
                url: database.connectionURL, password: nil, options: StoreOptions(poolSize: database.poolSize),
                logger: logger)
        } catch {
            throw CommandError(.configuration, "database.url: \(error.message)")
        }
    }
}
