import Glibc
import OperationStore
import Testing
import TrustlogCore

@Suite("SQLite: the store")
struct SQLiteStoreTests {
    private func withStore(_ body: (any OperationStore, SQLiteTestDatabase) async throws -> Void) async throws {
        try await StoreBackend.sqlite.withStore { store, database in
            try await body(store, try #require(database as? SQLiteTestDatabase))
        }
    }

    @Test("URLs name a file; anything else is refused with the reason")
    func urls() throws {
        func open(_ url: String) throws -> any OperationStore {
            try StoreFactory.open(url: url, password: nil, options: StoreOptions(), logger: quietLogger)
        }
        _ = try open("sqlite:trustlog.db")
        _ = try open("sqlite:/var/lib/trustlog/trustlog.db")
        for url in [
            "sqlite:", "sqlite://trustlog.db", "sqlite:///trustlog.db", "sqlite::memory:", "sqlite:file:x?mode=ro",
            "sqlite:x?cache=shared", "oracle://user:secret@host/db", "trustlog.db", "",
        ] {
            let error = #expect(throws: StoreError.self) { _ = try open(url) }
            #expect(error?.kind == .configuration)
            #expect(error?.message.utf8.count ?? 0 > 20)
            #expect(error.map { !"\($0)".split(separator: ":").contains("secret@host/db") } == true)
        }
    }

    @Test("no file, no folder and no database are told apart")
    func unreachable() async throws {
        try await SQLiteTestDatabase.with { database in
            let store = try database.open()
            await expectError(.schema) { try await store.ping() }
            #expect(access(database.path, F_OK) != 0, "a read must not make the file")

            let elsewhere = try StoreFactory.open(
                url: "sqlite:\(database.folder)/none/trustlog.db", password: nil, options: StoreOptions(),
                logger: quietLogger)
            await expectError(.unavailable) { try await elsewhere.migrate() }

            let file = try #require(fopen(database.path, "w"))
            fputs(String(repeating: "this is no database ", count: 100), file)
            fclose(file)
            await expectError(.schema) { try await store.ping() }
            await expectError(.schema) { try await store.migrate() }
            unlink(database.path)
            // The next call connects anew.
            try await store.migrate()
            try await store.ping()
            await store.close()
            await elsewhere.close()
        }
    }

    @Test("a lock held by another process is an outage, and nothing is lost")
    func locked() async throws {
        try await withStore { store, database in
            let impatient = try StoreFactory.open(
                url: "sqlite:\(database.path)", password: nil, options: StoreOptions(lockTimeout: .zero),
                logger: quietLogger)
            try await store.insert("before")
            let application = try RawConnection(path: database.path)
            _ = try application.query("BEGIN IMMEDIATE")
            await expectError(.unavailable) { try await impatient.persist(batch([sampleOperation("a")])) }
            // Readers do not wait for a writer.
            #expect(try await impatient.waiting(.all).map(\.opId) == ["before"])
            _ = try application.query("ROLLBACK")
            try await impatient.insert("a")
            #expect(try await store.waiting(.all).map(\.opId) == ["before", "a"])
            await impatient.close()
        }
    }

    @Test("a file that was replaced is noticed: nothing goes into the one that is gone")
    func replacedFile() async throws {
        try await withStore { store, database in
            try await store.insert("in the backup")
            try database.execute("VACUUM INTO '\(database.path).backup'")
            try await store.insert("after the backup")
            for suffix in ["-wal", "-shm"] { unlink(database.path + suffix) }
            #expect(rename(database.path + ".backup", database.path) == 0)
            #expect(try await store.waiting(.all).map(\.opId) == ["in the backup"])
            try await store.insert("after the restore")
            #expect(try await store.operationCounts().total == 2)
            #expect(try database.query("SELECT count(*) FROM operation") == [["2"]])
            #expect(try database.query("PRAGMA integrity_check") == [["ok"]])
        }
    }

    @Test("times as SQLite's own functions write them are read as UTC, in every table")
    func timesOfSQLite() async throws {
        try await withStore { store, database in
            let seqs = try await store.insert("a", "b")
            try await store.recordFailed(seqs.map { PublishFailure(seq: $0, error: "x", delay: .seconds(3600)) })
            try database.execute(
                """
                UPDATE trustlog_retry SET next_retry_at = datetime('now', '-1 minute') WHERE op_id = 'a';
                UPDATE trustlog_retry SET next_retry_at = datetime('now', '+1 minute') WHERE op_id = 'b';
                UPDATE trustlog_retry SET first_failed_at = datetime('now', '-2 hours') WHERE op_id = 'b';
                UPDATE operation SET recorded_at = '2026-01-02 03:04:05.678' WHERE op_id = 'a';
                """)
            #expect(try await store.statistics().retriesDue == 1)
            #expect(try await store.claimRetries(limit: 10, lease: .seconds(60)).map(\.opId) == ["a"])
            let old = try await store.retries(RetryFilter(olderThan: .seconds(3600)), after: nil, limit: 10)
            #expect(old.map(\.opId) == ["b"])
            let detail = try #require(try await store.operation(opId: "a"))
            #expect(detail.row.recordedAt == Timestamp(rfc3339: "2026-01-02T03:04:05.678Z"))
            _ = try await store.acquireLease(key: "publish-0", owner: "one", length: .seconds(60), unchanged: nil)
            try database.execute("UPDATE trustlog_cursor SET lease_until = datetime('now', '-1 second')")
            guard
                case .granted = try await store.acquireLease(
                    key: "publish-0", owner: "two", length: .seconds(60), unchanged: nil)
            else {
                Issue.record("not granted")
                return
            }
        }
    }

    @Test("a trigger that rolls the transaction back, or drops a row silently, refuses that row only")
    func triggers() async throws {
        try await withStore { store, database in
            try database.execute(
                """
                CREATE TRIGGER a BEFORE INSERT ON operation WHEN NEW.op_type = 'ROLLBACK'
                BEGIN SELECT RAISE(ROLLBACK, 'rolled back'); END;
                CREATE TRIGGER b BEFORE INSERT ON operation WHEN NEW.op_type = 'IGNORE'
                BEGIN SELECT RAISE(IGNORE); END;
                """)
            let result = try await store.persist(
                batch([
                    sampleOperation("a"), sampleOperation("b", opType: "ROLLBACK"), sampleOperation("c"),
                    sampleOperation("d", opType: "IGNORE"), sampleOperation("e", opType: "ROLLBACK"),
                ]))
            let refused = result.outcomes.map { if case .refused = $0 { true } else { false } }
            #expect(refused == [false, true, false, true, true])
            #expect(result.positions.map(\.nextOffset) == [1])
            #expect(try await store.waiting(.all).map(\.opId) == ["a", "c"])
        }
    }

    @Test("a constraint that somebody added and that nothing keeps is everybody's outage")
    func addedConstraint() async throws {
        try await withStore { store, database in
            try await store.insert("before")
            try database.execute("CREATE UNIQUE INDEX one_type ON operation (op_type)")
            let outcomes = try await store.persist(batch([sampleOperation("a", opType: "NEW"), sampleOperation("b")]))
                .outcomes
            #expect(outcomes.first == .inserted)
            // Alone the probe row meets the same constraint.
            await expectError(.unavailable) { try await store.persist(batch([sampleOperation("c")])) }
            #expect(try await store.operationCounts().total == 2)
        }
    }

    @Test("a migration that finds its schema writes nothing, and needs no right to")
    func migrationWithoutWriting() async throws {
        try await withStore { store, database in
            let state = try await store.schemaState()
            let impatient = try StoreFactory.open(
                url: "sqlite:\(database.path)", password: nil, options: StoreOptions(lockTimeout: .zero),
                logger: quietLogger)
            // Whoever holds the write lock keeps out a migration that would need it.
            let application = try RawConnection(path: database.path)
            _ = try application.query("BEGIN IMMEDIATE")
            try await impatient.migrate()
            #expect(try await impatient.schemaState() == state)
            await impatient.close()
        }
    }
}
