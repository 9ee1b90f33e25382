import Testing
import TrustlogCore
import TrustlogTestKit

@testable import OperationStore

@Suite("MySQL: URLs")
struct MySQLURLTests {
    @Test("a URL is taken apart, its escapes are undone")
    func parts() throws {
        let url = try MySQLURL(
            "mysql://us%40er:p%2Fw%25@[::1]:3307/trust%20log?ssl-mode=VERIFY_IDENTITY&ssl-ca=/etc/ca.pem", password: "x"
        )
        #expect(url.user == "us@er")
        #expect(url.password == "p/w%")
        #expect(url.host == "::1")
        #expect(url.port == 3307)
        #expect(url.database == "trust log")
        #expect(url.encryption == .verifyIdentity)
        #expect(url.authorityFile == "/etc/ca.pem")
        #expect(!url.place.contains("p/w"))

        let short = try MySQLURL("mysql://db/trustlog", password: "from settings")
        #expect(short.host == "db")
        #expect(short.port == 3306)
        #expect(short.user == nil)
        #expect(short.password == "from settings")
    }

    @Test(
        "what is wrong is named, no secret is",
        arguments: [
            "mysql:host/db", "mysql://u:secret@host", "mysql://u:secret@host/", "mysql://u:secret@host/a/b",
            "mysql://u:secret@host:0/db", "mysql://u:secret@host:99999/db", "mysql://u:secret@host:x/db",
            "mysql://u:secret%zz@host/db", "mysql://u:secret@[::1/db", "mysql://u:secret@host/db?sslmode=require",
            "mysql://u:secret@host/db?ssl-mode=secret", "mysql://u:secret%00@host/db",
        ])
    func refused(url: String) {
        let error = #expect(throws: StoreError.self) { _ = try MySQLURL(url, password: nil) }
        #expect(error?.kind == .configuration)
        #expect(error?.message.contains("secret") == false)
        #expect(error?.message.contains("database.url") == true)
    }
}

@Suite("MySQL: the store", .requires(.mariaDB))
struct MySQLStoreTests {
    private static let lockEverything = """
        LOCK TABLES operation WRITE, trustlog_retry WRITE, trustlog_cursor WRITE, trustlog_consumer_offset WRITE,
            trustlog_schema WRITE
        """

    /// Connections of the store in this database that wait for a lock.
    private static let blocked = """
        SELECT id FROM information_schema.processlist
        WHERE db = DATABASE() AND state = 'Waiting for table metadata lock'
        """

    @Test("a connection that is lost in the middle of a call fails that call, and the next one works")
    func lostInside() async throws {
        try await MariaDBTestDatabase.withStore { store, database in
            try await store.insert("a")
            let observer = try database.connect()
            for (name, call) in StoreCalls.all {
                try await call(store)
                let locker = try database.connect()
                _ = try locker.query(Self.lockEverything)
                async let outcome: StoreError? = errorOf { try await call(store) }
                try await eventually("\(name) waits for the lock") {
                    try observer.query(Self.blocked).count > 0
                }
                for row in try observer.query(Self.blocked) {
                    _ = try observer.query("KILL CONNECTION \(row[0] ?? "")")
                }
                #expect(await outcome?.kind == .unavailable, "\(name)")
                _ = try locker.query("UNLOCK TABLES")
                #expect(await errorOf { try await call(store) } == nil, "\(name)")
            }
        }
    }

    @Test("connections that were ended between calls are made anew without a word")
    func lostBetween() async throws {
        try await MariaDBTestDatabase.withStore { store, database in
            try await store.insert("a")
            let observer = try RawMariaDB(port: database.server.port, user: database.server.user, database: "mysql")
            for (name, call) in StoreCalls.all {
                try await call(store)
                try database.killOthers()
                try await eventually("all are gone") {
                    try observer.query(
                        "SELECT id FROM information_schema.processlist WHERE db = '\(database.name)'"
                    ).isEmpty
                }
                #expect(await errorOf { try await call(store) } == nil, "\(name)")
            }
        }
    }

    @Test("an identity that an open transaction holds is waited for, then told as what it became")
    func waitsForRivals() async throws {
        try await MariaDBTestDatabase.withStore { store, database in
            let rival = try database.connect()
            _ = try rival.query("START TRANSACTION")
            _ = try rival.query(minimalInsert("held"))
            let patient = try database.open(url: database.url, lockTimeout: .seconds(1))
            let mine = batch([sampleOperation("before"), sampleOperation("held"), sampleOperation("after")])
            let error = await #expect(throws: StoreError.self) { try await patient.persist(mine) }
            #expect(error?.kind == .unavailable)
            #expect(try await store.operationCounts().total == 0)
            _ = try rival.query("COMMIT")
            #expect(try await patient.persist(mine).outcomes == [.inserted, .conflict, .inserted])
            #expect(try await store.waiting(.all).map(\.opId) == ["held", "before", "after"])
            await patient.close()
        }
    }

    @Test("times are UTC whatever the time zone of server and session")
    func timeZones() async throws {
        try await MariaDBTestDatabase.withStore { store, database in
            try database.execute(minimalInsert("a"))
            let row = try #require(try await store.operation(opId: "a")).row
            let recordedAt = try #require(row.recordedAt)
            #expect(abs(recordedAt.microseconds - Timestamp.now().microseconds) < 3_600_000_000)
            #expect(row.operation?.timestamp == Timestamp(rfc3339: "2026-01-31T08:15:00.25Z"))
        }
    }

    @Test("a server that is away is an outage, and the same store goes on when it is back")
    func serverAway() async throws {
        // As the servers of the kit do not flush, a kill would lose what was committed.
        let server = try await MariaDBServer.start(settings: ["innodb-flush-log-at-trx-commit": "2"])
        let store = try StoreFactory.open(
            url: server.url, password: nil, options: StoreOptions(), logger: quietLogger)
        try await store.migrate()
        try await store.insert("a")
        try await server.kill()
        let error = await #expect(throws: StoreError.self) { try await store.insert("b") }
        #expect(error?.kind == .unavailable)
        try await server.startAgain()
        #expect(try await store.persist(batch([sampleOperation("b")])).outcomes == [.inserted])
        // Each of the other connections tells its loss once, to a caller that waits and tries again.
        try await eventually { (try? await store.waiting(.all).map(\.opId)) == ["a", "b"] }
        try await eventually { (try? await store.statistics().unlogged) == 2 }
        await store.close()
    }

    @Test("one connection is enough for every call")
    func smallestPool() async throws {
        try await MariaDBTestDatabase.withStore { _, database in
            let store = try database.open(url: database.url, poolSize: 1)
            try await store.insert("a")
            #expect(try await store.waiting(.all).map(\.opId) == ["a"])
            #expect(try await store.statistics().unlogged == 1)
            await store.close()
        }
    }

    @Test("a close cuts off a call that waits for the server, which comes out as unavailable")
    func closesUnderWay() async throws {
        try await MariaDBTestDatabase.withStore { _, database in
            let rival = try database.connect()
            _ = try rival.query("START TRANSACTION")
            _ = try rival.query(minimalInsert("held"))
            let store = try database.open(url: database.url, lockTimeout: .seconds(600))
            try await store.ping()
            let call = Task { try await store.persist(batch([sampleOperation("held")])) }
            try await eventually {
                try database.query("SELECT 1 FROM information_schema.innodb_trx WHERE trx_state = 'LOCK WAIT'").count
                    > 0
            }
            await store.close()
            let error = await #expect(throws: StoreError.self) { try await call.value }
            #expect(error?.kind == .unavailable)
            _ = try rival.query("ROLLBACK")
        }
    }
}
