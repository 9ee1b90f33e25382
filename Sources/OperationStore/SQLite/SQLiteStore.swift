package import Observability

/// The store in one SQLite file (contract, section 4): one writer and two readers, each a connection on a thread of its own.
package final class SQLiteStore: OperationStore {
    /// Every transaction that changes something.
    let writer: SQLiteWorker
    /// What the workers look for.
    let discovery: SQLiteWorker
    /// What people and metrics ask for: however long it takes, the workers do not wait for it.
    let reading: SQLiteWorker
    private let announced: AsyncStream<Void>.Continuation
    private let announcementStream: AsyncStream<Void>

    /// The file is opened by the first call.
    ///
    /// - Parameter path: of the database's file, absolute or from the working directory.
    package init(path: String, options: StoreOptions, logger: Logger) {
        func worker(_ name: String, _ mode: SQLiteConnection.Mode) -> SQLiteWorker {
            SQLiteWorker(name: name, path: path, mode: mode, busyTimeout: options.lockTimeout, logger: logger)
        }
        writer = worker("sqlite-write", .write)
        discovery = worker("sqlite-scan", .read)
        reading = worker("sqlite-read", .read)
        (announcementStream, announced) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    }

    package func migrate() async throws(StoreError) {
        try await writer.runWithoutSchema(mode: .create) { connection throws(SQLiteFailure) in
            try connection.migrate()
        }
    }

    package func schemaState() async throws(StoreError) -> SchemaState? {
        guard await reading.fileExists else { return nil }
        return try await reading.runWithoutSchema(mode: .read) { connection throws(SQLiteFailure) in
            try connection.schemaState()
        }
    }

    /// SQLite tells nobody that another process wrote: this ends when the store is closed and never yields.
    package func announcements() -> AsyncStream<Void> {
        announcementStream
    }

    /// There is no way to: whoever publishes looks for itself.
    package func announce() async throws(StoreError) {}

    package func ping() async throws(StoreError) {
        try await reading.run { connection throws(SQLiteFailure) in
            // It reads the file's header.
            _ = try connection.first("PRAGMA schema_version") { row in row.integer(0) }
        }
    }

    package func close() async {
        announced.finish()
        await discovery.close()
        await reading.close()
        // The last to go writes the log back into the file.
        await writer.close()
    }
}
