import CommandLineTool
import Testing
import TrustlogTestKit

extension AcceptanceSuite {
    @Suite("A database that refuses everybody", .requires(.postgreSQL))
    struct SystemicDatabase {
        struct Fault: Sendable, CustomTestStringConvertible {
            let testDescription: String
            let breaks: String
            let mends: String
            /// Part of what is told.
            let told: String
        }

        private static let reconnect = """
            SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'app';
            """

        static let faults = [
            Fault(
                testDescription: "the table is gone", breaks: "ALTER TABLE operation RENAME TO away",
                mends: "ALTER TABLE away RENAME TO operation", told: "operation"),
            Fault(
                testDescription: "a permission was revoked", breaks: "REVOKE INSERT ON operation FROM app",
                mends: "GRANT INSERT ON operation TO app", told: "permission denied"),
            Fault(
                testDescription: "a new column without a value",
                breaks: """
                    ALTER TABLE operation ADD added integer NOT NULL DEFAULT 1;
                    ALTER TABLE operation ALTER added DROP DEFAULT;
                    """,
                mends: "ALTER TABLE operation DROP added", told: "added"),
            Fault(
                testDescription: "it is read-only, as after a failover",
                breaks: "ALTER DATABASE trustlog SET default_transaction_read_only = on; \(reconnect)",
                mends: """
                    SET default_transaction_read_only = off;
                    ALTER DATABASE trustlog RESET default_transaction_read_only; \(reconnect)
                    """, told: "read-only"),
        ]

        @Test("it is waited for and told, turns nothing into dead letters, and goes on by itself when mended")
        func waits() async throws {
            let postgres = try await PostgreSQLServer.start()
            try await postgres.psql("CREATE ROLE app LOGIN")
            let sidecar = try await Sidecar.make(settings: [
                "database.url": "postgresql://app@127.0.0.1:\(postgres.port)/trustlog", "database.migrate": "false",
            ])
            try await TrustlogBinary.check(
                ["migrate", "--set", "database.url=\(postgres.url)", "--set", "signing.key-file=\(sidecar.keyFile)"])
            try await postgres.psql(
                "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO app")
            let process = try await sidecar.run()
            var generator = OperationGenerator(seed: 41)
            var produced = 0
            func produce() async throws {
                try await sidecar.produce(generator.take(50))
                produced += 50
            }
            func trustlogged() async throws -> Int {
                let text = try? await postgres.psql(
                    "SELECT count(*) FROM operation WHERE trustlog_status = 'TRUSTLOGGED'")
                return text.flatMap { Int($0.filter(\.isNumber)) } ?? -1
            }
            try await produce()
            try await eventually("it works") { try await trustlogged() == produced }
            for fault in Self.faults {
                try await postgres.psql(fault.breaks)
                try await produce()
                try await eventually("\(fault.testDescription): status tells it") {
                    let status = try await sidecar.status(of: process)
                    return status["lastError"]?["message"]?.stringValue?.contains(fault.told) == true
                }
                #expect(process.process.isRunning)
                #expect(await HTTP.status(port: process.httpPort, path: "/livez") == 200)
                try await postgres.psql(fault.mends)
                try await eventually("\(fault.testDescription): it goes on when mended") {
                    try await trustlogged() == produced
                }
            }
            #expect(try await postgres.psql("SELECT count(*) FROM trustlog_retry").hasPrefix("0"))
            #expect(try await sidecar.kcat.consume(sidecar.deadLetters).isEmpty)
            #expect(try await process.stop(within: Scale.shutdown) == .exited(0))
        }

        @Test("a trigger that refuses one row of a batch costs that row alone")
        func oneBadRow() async throws {
            let postgres = try await PostgreSQLServer.start()
            let sidecar = try await Sidecar.make(partitions: 1, settings: ["database.url": postgres.url])
            try await TrustlogBinary.check(
                ["migrate", "--set", "database.url=\(postgres.url)", "--set", "signing.key-file=\(sidecar.keyFile)"])
            try await postgres.psql(
                """
                CREATE FUNCTION judge() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                    IF NEW.op_id LIKE '%-500' THEN RAISE EXCEPTION 'not this one'; END IF; RETURN NEW; END $$;
                CREATE TRIGGER judge BEFORE INSERT ON operation FOR EACH ROW EXECUTE FUNCTION judge();
                """)
            var generator = OperationGenerator(seed: 42)
            let operations = generator.take(1_000)
            try await sidecar.produce(operations)
            let process = try await sidecar.run()
            try await eventually("its neighbours go through") {
                let text = try await postgres.psql(
                    "SELECT count(*) FROM operation WHERE trustlog_status = 'TRUSTLOGGED'")
                return Int(text.filter(\.isNumber)) == 999
            }
            try await eventually("the dead letter is there") {
                try await sidecar.kcat.count(sidecar.deadLetters, partitions: 1) == 1
            }
            let letters = try await sidecar.kcat.consume(sidecar.deadLetters, headers: true)
            #expect(letters.map(\.text) == [operations[499].json])
            #expect(letters.first?.header("trustlog-error-code") == "unpersistable")
            #expect(letters.first?.header("trustlog-error-message")?.contains("not this one") == true)
            #expect(try await process.stop(within: Scale.shutdown) == .exited(0))
        }
    }
}
