import CSQLite
import CommandLineTool
import Observability
import OperationStore
import Testing
import TrustlogCLI
import TrustlogCore

/// A SQLite database with operations, for commands that work on the table.
struct OperatorFixture {
    let directory: TemporaryDirectory
    let store: any OperationStore
    private let broker: BrokerFixture?

    /// - Parameter broker: where commands reach one; `nil`: nowhere.
    init(operations: Int = 0, broker: BrokerFixture? = nil) async throws {
        directory = try TemporaryDirectory()
        self.broker = broker
        store = try StoreFactory.open(
            url: "sqlite:\(directory.path)/t.db", password: nil, options: StoreOptions(), logger: .discarding)
        try await store.migrate()
        let rows = try (0..<operations).map { number in
            IncomingOperation(
                operation: try OperationDecoder.decode(Array(operationLine(number + 1).utf8)).get(), source: nil,
                headers: nil)
        }
        _ = try await store.persist(
            IngestBatch(group: "none", initialStatus: .waiting, rows: rows, positions: []))
        let key = await trustlog("keygen", "\(directory.path)/key")
        #expect(key.code == 0)
    }

    /// Runs a command on this database.
    func run(_ words: String...) async -> Outcome {
        var environment = [
            "TRUSTLOG_DATABASE_URL": "sqlite:\(directory.path)/t.db",
            "TRUSTLOG_SIGNING_KEY_FILE": "\(directory.path)/key",
        ]
        if let broker { environment["TRUSTLOG_KAFKA_BOOTSTRAP_SERVERS"] = broker.servers }
        return await trustlog(words, environment: environment)
    }

    /// Runs statements as another program would.
    func execute(_ sql: String) throws {
        var handle: OpaquePointer?
        defer { sqlite3_close_v2(handle) }
        try #require(sqlite3_open("\(directory.path)/t.db", &handle) == SQLITE_OK)
        sqlite3_busy_timeout(handle, 5_000)
        try #require(
            sqlite3_exec(handle, sql, nil, nil, nil) == SQLITE_OK, "\(String(cString: sqlite3_errmsg(handle)))")
    }

    /// Makes rows fail, the first of them for good.
    func fail(_ errors: [(seq: Int64, error: String)], dead: Set<Int64> = []) async throws {
        for (seq, error) in errors {
            try await store.recordFailed([PublishFailure(seq: seq, error: error, delay: .zero)])
        }
        let claims = try await store.claimRetries(limit: 1_000, lease: .seconds(60))
        let decided = claims.filter { dead.contains($0.row?.seq ?? 0) }
        let reasons = Dictionary(errors.map { ($0.seq, $0.error) }) { $1 }
        try await store.recordRetryFailed(
            decided.map { RetryFailure(claim: $0, error: reasons[$0.row?.seq ?? 0] ?? "", delay: nil) })
        try await store.releaseRetries(claims.filter { !dead.contains($0.row?.seq ?? 0) })
    }

    func status(_ opId: String) async throws -> OperationStatus? {
        try await store.operation(opId: opId)?.status
    }
}
