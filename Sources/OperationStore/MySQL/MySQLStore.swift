package import Observability

/// The store in MariaDB or MySQL (contract, section 4): connections with roles, each on a thread of its own.
package final class MySQLStore: OperationStore {
    let ingest: MySQLWorker
    /// Outcomes of publishing, and retries.
    let outcomes: MySQLWorker
    /// What the cursor workers look for.
    let discovery: MySQLWorker
    /// Leases, and what people and metrics ask for.
    let control: MySQLWorker
    private let workers: [MySQLWorker]
    private let announced: AsyncStream<Void>.Continuation
    private let announcementStream: AsyncStream<Void>

    /// The server is connected to by the first call.
    ///
    /// - Throws: kind `configuration` if the URL is wrong.
    package init(url: String, password: String?, options: StoreOptions, logger: Logger) throws(StoreError) {
        let url = try MySQLURL(url, password: password)
        let workers = (0..<min(max(1, options.poolSize), 4)).map { index in
            MySQLWorker(name: "mysql-\(index)", url: url, options: options, logger: logger)
        }
        self.workers = workers
        // Where there are fewer connections than roles, the later ones share the last.
        ingest = workers[0]
        outcomes = workers[min(1, workers.count - 1)]
        discovery = workers[min(2, workers.count - 1)]
        control = workers[workers.count - 1]
        (announcementStream, announced) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    }

    package func migrate() async throws(StoreError) {
        try await control.runWithoutSchema { connection throws(MySQLFailure) in
            try connection.migrate()
        }
    }

    package func schemaState() async throws(StoreError) -> SchemaState? {
        try await control.runWithoutSchema { connection throws(MySQLFailure) in
            try connection.schemaState()
        }
    }

    /// Neither server can tell that another process wrote: this ends when the store is closed and never yields.
    package func announcements() -> AsyncStream<Void> {
        announcementStream
    }

    /// There is no way to: whoever publishes looks for itself.
    package func announce() async throws(StoreError) {}

    package func ping() async throws(StoreError) {
        try await control.run { connection throws(MySQLFailure) in
            _ = try connection.first("SELECT 1") { row in row.count(0) }
        }
    }

    package func close() async {
        announced.finish()
        await withTaskGroup { group in
            for worker in workers { group.addTask { await worker.close() } }
        }
    }
}
