import BlockingExecutor
import Observability

/// A thread with one connection, which is opened by the first call that needs it and again after it broke.
actor SQLiteWorker {
    private let executor: BlockingExecutor
    private let path: String
    private let mode: SQLiteConnection.Mode
    private let busyTimeout: Duration
    private let logger: Logger
    private var connection: SQLiteConnection?
    private var isClosed = false

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// - Parameter name: of the thread.
    init(name: String, path: String, mode: SQLiteConnection.Mode, busyTimeout: Duration, logger: Logger) {
        executor = BlockingExecutor(name: name)
        self.path = path
        self.mode = mode
        self.busyTimeout = busyTimeout
        self.logger = logger
    }

    /// Runs `body` on the thread, with a connection to a database whose schema this program can use.
    func run<Value: Sendable>(
        _ body: @Sendable (SQLiteConnection) throws(SQLiteFailure) -> Value
    ) throws(StoreError) -> Value {
        try guarding { worker throws(SQLiteFailure) in
            try body(worker.currentConnection())
        }
    }

    /// Runs `body` with a connection of its own to a database that may have no schema yet.
    func runWithoutSchema<Value: Sendable>(
        mode: SQLiteConnection.Mode, _ body: @Sendable (SQLiteConnection) throws(SQLiteFailure) -> Value
    ) throws(StoreError) -> Value {
        try guarding { worker throws(SQLiteFailure) in
            try body(SQLiteConnection(path: worker.path, mode: mode, busyTimeout: worker.busyTimeout))
        }
    }

    var fileExists: Bool { FileIdentity(path: path) != nil }

    func close() {
        isClosed = true
        connection = nil
    }

    private func guarding<Value>(
        _ body: (isolated SQLiteWorker) throws(SQLiteFailure) -> Value
    ) throws(StoreError) -> Value {
        guard !isClosed else { throw StoreError(.closed, "SQLite database \(path): the store was closed") }
        do throws(SQLiteFailure) {
            return try body(self)
        } catch {
            if !error.leavesConnectionUsable { connection = nil }
            throw error.storeError(path: path)
        }
    }

    private func currentConnection() throws(SQLiteFailure) -> SQLiteConnection {
        if let connection, !connection.isFileReplaced { return connection }
        if connection != nil {
            logger.warning("the database's file was replaced or removed while it was open", metadata: ["path": path])
        }
        connection = nil
        guard FileIdentity(path: path) != nil else {
            throw .schema("there is no such file; run trustlog migrate, or put the database back")
        }
        let opened = try SQLiteConnection(path: path, mode: mode, busyTimeout: busyTimeout)
        try opened.requireUsableSchema()
        connection = opened
        return opened
    }
}
