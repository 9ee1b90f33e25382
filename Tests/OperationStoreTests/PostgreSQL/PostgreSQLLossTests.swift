import OperationStore
import Testing
import TrustlogCore
import TrustlogTestKit

@Suite("PostgreSQL: lost connections, locks and the end", .requires(.postgreSQL))
struct PostgreSQLLossTests {
    private static let lockEverything = """
        BEGIN; LOCK TABLE operation, trustlog_retry, trustlog_cursor, trustlog_consumer_offset, trustlog_schema
        IN ACCESS EXCLUSIVE MODE
        """

    /// Sessions of the store in this database that wait for a lock.
    private static let blocked = """
        FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'trustlog'
            AND wait_event_type = 'Lock'
        """

    @Test("a connection that is lost in the middle of a call fails that call, and the next one works")
    func lostInside() async throws {
        try await PostgreSQLTestDatabase.withStore { store, database in
            try await store.insert("a")
            for (name, call) in StoreCalls.all {
                try await call(store)
                let locker = try RawPostgreSQL(url: database.url)
                try locker.query(Self.lockEverything)
                async let outcome: StoreError? = errorOf { try await call(store) }
                let observer = try RawPostgreSQL(url: database.url)
                try await eventually("\(name) waits for the lock") {
                    try observer.query("SELECT 1 \(Self.blocked)").count > 0
                }
                try observer.query("SELECT pg_terminate_backend(pid) \(Self.blocked)")
                #expect(await outcome?.kind == .unavailable, "\(name)")
                try locker.query("ROLLBACK")
                try await call(store)
            }
        }
    }

    @Test("connections that were ended between calls are made anew without a word")
    func lostBetween() async throws {
        try await PostgreSQLTestDatabase.withStore { store, database in
            for (_, call) in StoreCalls.all { try await call(store) }
            let observer = try RawPostgreSQL(url: database.url)
            let others = """
                FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
                    AND backend_type = 'client backend'
                """
            let ended = try observer.query("SELECT pg_terminate_backend(pid) \(others)")
            #expect(ended.count == 4)
            try await eventually("all are gone") { try observer.query("SELECT 1 \(others)").isEmpty }
            for (name, call) in StoreCalls.all {
                #expect(await errorOf { try await call(store) } == nil, "\(name)")
            }
        }
    }

    @Test("a lock that somebody holds too long is an outage, and the connection stays")
    func lockTimeout() async throws {
        try await PostgreSQLTestDatabase.withStore { _, database in
            let store = try database.open(url: database.url, poolSize: 1, lockTimeout: .milliseconds(50))
            try await store.insert("a")
            let sessions = """
                SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'trustlog'
                ORDER BY 1
                """
            let locker = try RawPostgreSQL(url: database.url)
            let before = try locker.query(sessions)
            try locker.query("BEGIN; SELECT * FROM operation FOR UPDATE")
            let error = await errorOf { try await store.recordAcknowledged([StoreCalls.acknowledgement]) }
            #expect(error?.kind == .unavailable)
            #expect(error?.code == "55P03")
            try locker.query("ROLLBACK")
            #expect(try await store.recordAcknowledged([StoreCalls.acknowledgement]) == 1)
            #expect(try locker.query(sessions) == before)
            await store.close()
        }
    }

    @Test("closing cancels what would not end by itself, on the server too")
    func closeCancels() async throws {
        try await PostgreSQLTestDatabase.withStore { _, database in
            let store = try database.open(url: database.url, lockTimeout: .seconds(600))
            try await store.insert("a")
            let locker = try RawPostgreSQL(url: database.url)
            try locker.query("BEGIN; LOCK TABLE operation IN ACCESS EXCLUSIVE MODE")
            async let outcome: StoreError? = errorOf { _ = try await store.waiting(.all) }
            let observer = try RawPostgreSQL(url: database.url)
            try await eventually("the scan waits") { try observer.query("SELECT 1 \(Self.blocked)").count > 0 }
            await store.close()
            #expect(await outcome?.kind == .closed)
            try await eventually("the server ended it") { try observer.query("SELECT 1 \(Self.blocked)").isEmpty }
            try locker.query("ROLLBACK")
            for (name, call) in StoreCalls.all {
                #expect(await errorOf { try await call(store) }?.kind == .closed, "\(name)")
            }
            await store.close()
        }
    }

    @Test("the server is told to end a transaction that a stopped process leaves open")
    func sessionLimits() async throws {
        try await PostgreSQLTestDatabase.withStore { _, database in
            // The trigger tells what the session that inserts is set to.
            try database.execute(
                """
                CREATE TABLE seen (name text, setting text);
                CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS $$
                BEGIN INSERT INTO seen SELECT name, setting FROM pg_settings; RETURN NEW; END $$;
                CREATE TRIGGER tell AFTER INSERT ON operation FOR EACH ROW EXECUTE FUNCTION tell()
                """)
            let url = "\(database.url)?application_name=mine&options=-c%20statement_timeout%3D7s"
            let store = try database.open(url: url, lockTimeout: .seconds(4))
            try await store.insert("a")
            let expected = [
                "application_name": "mine", "statement_timeout": "7000", "lock_timeout": "4000",
                "idle_in_transaction_session_timeout": "5000", "TimeZone": "UTC", "client_encoding": "UTF8",
            ]
            for (name, value) in expected {
                #expect(try database.query("SELECT setting FROM seen WHERE name = '\(name)'") == [[value]])
            }
            await store.close()
        }
    }
}
