import BlockingExecutor
import Observability

/// A thread with one connection, which is made by the first call that needs it and again after it was lost.
actor MySQLWorker {
    private let executor: BlockingExecutor
    private let url: MySQLURL
    private let options: StoreOptions
    private let logger: Logger
    private let sockets = MySQLSockets()
    private var connection: MySQLConnection?
    private var isClosed = false

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// - Parameter name: of the thread.
    init(name: String, url: MySQLURL, options: StoreOptions, logger: Logger) {
        executor = BlockingExecutor(name: name)
        self.url = url
        self.options = options
        self.logger = logger
    }

    /// Runs `body` on the thread, with a connection to a database whose schema this program can use.
    func run<Value: Sendable>(
        _ body: @Sendable (MySQLConnection) throws(MySQLFailure) -> Value
    ) throws(StoreError) -> Value {
        try guarding { worker throws(MySQLFailure) in
            try body(worker.currentConnection())
        }
    }

    /// Runs `body` with a connection of its own to a database that may have no schema yet.
    func runWithoutSchema<Value: Sendable>(
        _ body: @Sendable (MySQLConnection) throws(MySQLFailure) -> Value
    ) throws(StoreError) -> Value {
        try guarding { worker throws(MySQLFailure) in
            try body(worker.connect(allowsSeveralStatements: true))
        }
    }

    /// How long a call that is under way may go on once the store is closed.
    private static let patience: Duration = .seconds(2)

    /// Ends the connection after what is under way, which is cut off after ``patience``. A connection that is being made
    /// cannot be cut off: its thread ends by itself, after the connection time-out.
    nonisolated func close() async {
        let (ends, ended) = AsyncStream.makeStream(of: Void.self)
        Task {
            await end()
            ended.finish()
        }
        let limit = Task {
            try await Task.sleep(for: Self.patience)
            sockets.shutDown()
            try await Task.sleep(for: Self.patience)
            ended.finish()
        }
        for await _ in ends {}
        limit.cancel()
    }

    private func end() {
        isClosed = true
        connection = nil
    }

    private func guarding<Value>(
        _ body: (isolated MySQLWorker) throws(MySQLFailure) -> Value
    ) throws(StoreError) -> Value {
        do throws(MySQLFailure) {
            if isClosed { throw .closed }
            return try body(self)
        } catch {
            if !error.leavesConnectionUsable { connection = nil }
            throw error.storeError(place: url.place)
        }
    }

    private func currentConnection() throws(MySQLFailure) -> MySQLConnection {
        if let connection, connection.isAlive { return connection }
        connection = nil
        let new = try connect()
        try new.requireUsableSchema()
        connection = new
        logger.debug("connected to the database", metadata: ["database": url.place])
        return new
    }

    private func connect(allowsSeveralStatements: Bool = false) throws(MySQLFailure) -> MySQLConnection {
        try MySQLConnection(
            url: url, options: options, sockets: sockets, allowsSeveralStatements: allowsSeveralStatements)
    }
}
