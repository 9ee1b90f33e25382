import BlockingExecutor
package import Observability

/// The store in PostgreSQL 13 or later, through libpq (contract, section 4).
///
/// Up to `poolSize` connections, each on a thread of its own and each for one kind of work, so that none waits behind
/// another: ingest, outcomes, discovery (with leases), and what people and metrics ask for. Connections beyond the fourth
/// scan for further cursors. Listening for announcements takes one more, while somebody listens.
package final class PostgreSQLStore: OperationStore {
    let ingest: PostgreSQLWorker
    /// What is recorded of publishing and of retries.
    let outcomes: PostgreSQLWorker
    /// What people and metrics ask for: however long it takes, the workers do not wait for it.
    let reading: PostgreSQLWorker
    private let scanners: [PostgreSQLWorker]
    private let listener: PostgreSQLListener
    private let lifetime: PostgreSQLLifetime
    private let workers: [PostgreSQLWorker]
    private let closer = PostgreSQLCloser()

    /// The first call connects.
    ///
    /// - Throws: ``StoreError`` of kind `configuration` if the URL cannot be read.
    package init(url: String, password: String?, options: StoreOptions, logger: Logger) throws(StoreError) {
        let url = try PostgreSQLURL(url, password: password, connectTimeout: options.connectTimeout)
        let session = PostgreSQLSession(lockTimeout: options.lockTimeout)
        let lifetime = PostgreSQLLifetime()
        let workers = (0..<max(1, options.poolSize)).map { index in
            PostgreSQLWorker(
                name: "postgres-\(index)", url: url, session: session, lifetime: lifetime, logger: logger)
        }
        self.lifetime = lifetime
        self.workers = workers
        // With fewer than four, the kinds of work share the last ones.
        func worker(_ index: Int) -> PostgreSQLWorker { workers[min(index, workers.count - 1)] }
        ingest = worker(0)
        outcomes = worker(1)
        scanners = [worker(2)] + workers.dropFirst(4)
        reading = worker(3)
        listener = PostgreSQLListener(url: url, session: session, lifetime: lifetime, logger: logger)
    }

    /// The connection that looks for a cursor's rows: always the same, so that its calls keep their order.
    func scanner(cursor: Int) -> PostgreSQLWorker {
        scanners[Int(cursor.magnitude % UInt(scanners.count))]
    }

    /// Leases are renewed in time: nothing on this connection takes long.
    var leases: PostgreSQLWorker { scanners[0] }

    package func migrate() async throws(StoreError) {
        try await reading.runWithoutSchema { connection throws(PostgreSQLFailure) in
            try connection.migrate()
        }
    }

    package func schemaState() async throws(StoreError) -> SchemaState? {
        try await reading.runWithoutSchema { connection throws(PostgreSQLFailure) in
            try connection.schemaState()
        }
    }

    /// It yields on `NOTIFY trustlog` by anybody else, and whenever the listening connection was made, as announcements may have been missed
    /// before.
    package func announcements() -> AsyncStream<Void> {
        listener.announcements()
    }

    package func announce() async throws(StoreError) {
        try await leases.run { connection throws(PostgreSQLFailure) in
            _ = try connection.query("SELECT pg_notify('trustlog', $1)", [.text(connection.announcer)])
        }
    }

    package func ping() async throws(StoreError) {
        try await reading.run { connection throws(PostgreSQLFailure) in
            try connection.execute("")
        }
    }

    package func close() async {
        guard lifetime.close() else { return }
        // A thread that still connects to a host that does not answer ends by itself.
        let isQuiet = await closer.waitUntilQuiet(lifetime)
        listener.finish()
        if isQuiet {
            for worker in workers { await worker.close() }
        } else {
            Task { [workers] in
                for worker in workers { await worker.close() }
            }
        }
    }
}

/// The thread that waits for the end of the others, and asks the server to cancel what does not end.
private actor PostgreSQLCloser {
    private let executor = BlockingExecutor(name: "postgres-close")

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    func waitUntilQuiet(_ lifetime: PostgreSQLLifetime) -> Bool {
        lifetime.waitUntilQuiet()
    }
}
