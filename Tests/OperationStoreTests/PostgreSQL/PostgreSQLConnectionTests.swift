import OperationStore
import Synchronization
import Testing
import TrustlogTestKit

@Suite("PostgreSQL: URLs and what cannot be reached", .requires(.postgreSQL))
struct PostgreSQLConnectionTests {
    private func open(_ url: String, password: String? = nil) throws -> any OperationStore {
        try StoreFactory.open(
            url: url, password: password, options: StoreOptions(connectTimeout: .seconds(20)), logger: quietLogger)
    }

    @Test(
        "a URL that libpq cannot read is a configuration error that shows none of it",
        arguments: [
            "postgresql://user:secret%zz@host/db", "postgresql://user:secret@[::1/db",
            "postgresql://user:pass@host/db?sekret=secret",
            "postgres://user:secret@host/db?sslmode", "postgresql://user:secret/x@host:1/db",
            "postgresql://user:1/secret@host/db", "postgresql://user:a@secret@host/db",
        ])
    func unreadable(url: String) throws {
        let error = #expect(throws: StoreError.self) { _ = try open(url) }
        #expect(error?.kind == .configuration)
        #expect(error?.message.contains("secret") == false)
        #expect(error?.message.contains("database.url") == true)
    }

    @Test("an option that libpq knows but cannot use is told, without the password")
    func unusable() async throws {
        let store = try open("postgresql://u:topsecret@127.0.0.1:1/db?sslmode=sometimes")
        let error = await errorOf { try await store.ping() }
        #expect(error?.kind == .unavailable)
        #expect(error?.message.contains("sslmode") == true)
        #expect(error?.description.contains("topsecret") == false)
        await store.close()
    }

    @Test("nobody listens, no such database, no such user: each is waited for, and told apart")
    func unreachable() async throws {
        let server = try await SharedPostgreSQLServer.shared.server()
        let free = try FreePort.find()
        let cases = [
            ("postgresql://postgres:topsecret@127.0.0.1:\(free)/db", "refused"),
            ("postgresql://postgres:topsecret@127.0.0.1:\(server.port)/nowhere", "make the database"),
            ("postgresql://nobody:topsecret@127.0.0.1:\(server.port)/postgres", "look at user and password"),
            ("postgresql://postgres:topsecret@127.0.0.1:\(server.port)/postgres?sslmode=require", "SSL"),
        ]
        for (url, expected) in cases {
            let store = try open(url)
            let error = await errorOf { try await store.ping() }
            #expect(error?.kind == .unavailable, "\(url)")
            #expect(error?.message.contains(expected) == true, "\(error.map { "\($0)" } ?? "no error")")
            #expect(error?.description.contains("topsecret") == false)
            await store.close()
        }
    }

    @Test("the password of the settings is added to the URL, and a wrong one is told without it")
    func password() async throws {
        try await PostgreSQLTestDatabase.withStore { _, database in
            let role = "role_\(database.name)"
            try database.execute("CREATE ROLE \(role) LOGIN SUPERUSER PASSWORD 'right-secret'")
            // The server trusts everybody on 127.0.0.1; for this role it asks.
            let file = try database.query("SHOW hba_file")[0][0] ?? ""
            let rules = try database.query("SELECT pg_read_file('\(file)')")[0][0] ?? ""
            try database.execute(
                """
                COPY (SELECT 'host \(database.name) \(role) 127.0.0.1/32 scram-sha-256') TO '\(file).new';
                SELECT pg_reload_conf()
                """)
            let program = "cat \(file) >> \(file).new && mv \(file).new \(file)"
            try database.execute("COPY (SELECT 1) TO PROGRAM '\(program)'; SELECT pg_reload_conf()")
            #expect(!rules.isEmpty)
            let url = "postgresql://\(role)@127.0.0.1:\(database.server.port)/\(database.name)"
            try await eventually("the server asks for a password") {
                let store = try open(url)
                defer { Task { await store.close() } }
                return await errorOf { try await store.ping() }?.message.contains("password") == true
            }
            let wrong = try open(url, password: "wrong-secret")
            let error = await errorOf { try await wrong.ping() }
            #expect(error?.kind == .unavailable)
            #expect(error?.code == "28P01")
            #expect(error?.description.contains("wrong-secret") == false)
            await wrong.close()
            let right = try open(url, password: "right-secret")
            try await right.ping()
            await right.close()
        }
    }

    @Test("one connection serves everything, if there may be no more")
    func onePooled() async throws {
        try await PostgreSQLTestDatabase.withStore { _, database in
            let store = try database.open(url: database.url, poolSize: 1)
            try await store.insert("a")
            for (name, call) in StoreCalls.all {
                #expect(await errorOf { try await call(store) } == nil, "\(name)")
            }
            let sessions = try database.query(
                """
                SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
                    AND application_name = 'trustlog' AND query NOT LIKE 'SET%'
                """)
            #expect(sessions == [["1"]])
            await store.close()
        }
    }

    // MARK: Announcements

    @Test("NOTIFY is told to everybody who listens; so is a listening connection that was made anew; closing ends it")
    func announcements() async throws {
        try await PostgreSQLTestDatabase.withStore { store, database in
            var first = store.announcements().makeAsyncIterator()
            var second = store.announcements().makeAsyncIterator()
            // Made for the first time.
            #expect(await first.next() != nil)
            #expect(await second.next() != nil)
            let application = try RawPostgreSQL(url: database.url)
            try application.query("BEGIN; NOTIFY trustlog")
            try application.query("COMMIT")
            #expect(await first.next() != nil)
            #expect(await second.next() != nil)
            try application.query(
                """
                SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                WHERE datname = current_database() AND query = 'LISTEN trustlog'
                """)
            #expect(await first.next() != nil)
            try application.query("NOTIFY trustlog")
            #expect(await first.next() != nil)
            await store.close()
            #expect(await first.next() == nil)
            var late = store.announcements().makeAsyncIterator()
            #expect(await late.next() == nil)
        }
    }

    @Test("what a store announces, others hear, and itself it does not")
    func ownAnnouncements() async throws {
        try await PostgreSQLTestDatabase.withStore { store, database in
            let other = try database.open()
            let heard = Mutex(0)
            let listening = Task {
                for await _ in store.announcements() { heard.withLock { $0 += 1 } }
            }
            var others = other.announcements().makeAsyncIterator()
            #expect(await others.next() != nil)
            try await eventually { heard.withLock { $0 } == 1 }
            for _ in 0..<5 {
                try await store.announce()
                #expect(await others.next() != nil)
            }
            // By the order of commits, those five have reached it when this one has.
            try await other.announce()
            try await eventually { heard.withLock { $0 } > 1 }
            #expect(heard.withLock { $0 } == 2)
            await store.close()
            await other.close()
            await listening.value
        }
    }
}
