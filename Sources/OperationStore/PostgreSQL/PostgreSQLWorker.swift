import BlockingExecutor
import Observability

/// A thread with one connection, which is made by the first call that needs it and again after it was lost.
///
/// A call fails with the connection: nobody can tell whether what it did was committed, and every call of the store may be
/// repeated. The next call connects.
actor PostgreSQLWorker {
    private let executor: BlockingExecutor
    private let url: PostgreSQLURL
    private let session: PostgreSQLSession
    private let lifetime: PostgreSQLLifetime
    private let logger: Logger
    private var connection: PostgreSQLConnection?

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// - Parameter name: of the thread.
    init(
        name: String, url: PostgreSQLURL, session: PostgreSQLSession, lifetime: PostgreSQLLifetime, logger: Logger
    ) {
        executor = BlockingExecutor(name: name)
        self.url = url
        self.session = session
        self.lifetime = lifetime
        self.logger = logger
    }

    /// Runs `body` on the thread, with a connection to a database whose schema this program can use.
    func run<Value: Sendable>(
        _ body: @Sendable (PostgreSQLConnection) throws(PostgreSQLFailure) -> Value
    ) throws(StoreError) -> Value {
        do throws(PostgreSQLFailure) {
            let connection = try currentConnection()
            do throws(PostgreSQLFailure) {
                return try body(connection)
            } catch {
                if !error.leavesConnectionUsable || !connection.isUsable {
                    self.connection = nil
                    logger.debug(
                        "a connection to PostgreSQL was given up", metadata: ["reason": error.message])
                }
                throw error
            }
        } catch {
            throw told(error)
        }
    }

    /// Runs `body` with a connection of its own to a database that may have no schema yet.
    func runWithoutSchema<Value: Sendable>(
        _ body: @Sendable (PostgreSQLConnection) throws(PostgreSQLFailure) -> Value
    ) throws(StoreError) -> Value {
        do throws(PostgreSQLFailure) {
            let connection = try PostgreSQLConnection(url: url, session: session, lifetime: lifetime)
            return try body(connection)
        } catch {
            throw told(error)
        }
    }

    /// Ends the connection; the lifetime lets nobody make another one.
    func close() {
        connection = nil
    }

    /// What fails while the store is being closed fails for that reason: its statement was cancelled.
    private func told(_ failure: PostgreSQLFailure) -> StoreError {
        (lifetime.isClosed ? .closed : failure).storeError(place: url.place)
    }

    private func currentConnection() throws(PostgreSQLFailure) -> PostgreSQLConnection {
        if let connection, !lifetime.isClosed, connection.isStillUsable { return connection }
        connection = nil
        let opened = try PostgreSQLConnection(url: url, session: session, lifetime: lifetime)
        try opened.requireUsableSchema()
        connection = opened
        return opened
    }
}
