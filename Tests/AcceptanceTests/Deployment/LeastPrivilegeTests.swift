import Testing
import TrustlogTestKit

extension AcceptanceSuite {
    /// The documented rights are enough, and no more than that is possible with them.
    @Suite("Least privilege, as documented")
    struct LeastPrivilege {
        @Test(
            "Kafka: each user can do its work with its own rights, and not another's",
            .requires(SecureBroker.requirements))
        func kafka() async throws {
            let broker = try await SecureBroker.shared()
            let folder = try TemporaryFolder("tlg")
            let key = try await TrustlogBinary.makeKey(in: folder)
            func options(_ user: String) -> [String] {
                let own = ["database.url": "sqlite:\(folder["trustlog.db"])", "signing.key-file": key]
                return broker.settings(user: user).merging(own) { $1 }.flatMap { ["--set", "\($0.key)=\($0.value)"] }
            }
            let check = try await TrustlogBinary.run(["config", "check", "--connect"] + options("trustlog"))
            #expect(check.code == 0, "\(check.text)")
            #expect(check.lines.contains { $0.hasPrefix("error") || $0.hasPrefix("warning") } == false, "\(check.text)")

            // The producer's own tool, and the service with something for the dead-letter topic.
            let published = try await broker.plain.count("trustlog", partitions: 3)
            let refused = try await broker.plain.count("operations.dead-letter", partitions: 1)
            var generator = OperationGenerator(seed: 83, name: "rights")
            let lines = generator.take(100).map { $0.json + "\n" }.joined()
            try await TrustlogBinary.check(["produce"] + options("producer") + ["-"], input: Array(lines.utf8))
            try await broker.plain.produce("operations", key: "k", value: Array("no operation".utf8))
            var settings = broker.settings(user: "trustlog")
            settings["database.url"] = "sqlite:\(folder["trustlog.db"])"
            settings["signing.key-file"] = key
            let process = try TrustlogProcess(settings: settings, log: folder["log"])
            try await process.awaitStarted()
            try await eventually("all is published, and the one message is a dead letter") {
                let envelopes = try await broker.plain.count("trustlog", partitions: 3)
                let letters = try await broker.plain.count("operations.dead-letter", partitions: 1)
                return envelopes >= published + 100 && letters == refused + 1
            }
            #expect(try await process.stop() == .exited(0))

            let verified = try await TrustlogBinary.run(
                ["verify", "--topic", "-o", "json", "--key", key + ".pub"] + options("auditor"))
            #expect(verified.code == 0 || verified.code == 2, "\(verified.errorText)")
            #expect(verified.text.contains("\"valid\""))
            // Other tests published to this topic from databases of their own: that is what it finds.
            let audit = try await TrustlogBinary.run(["audit"] + options("auditor"))
            #expect(audit.code == 0 || audit.code == 2, "\(audit.errorText)")

            // What nobody of them may.
            for (user, topic) in [("trustlog", "operations"), ("producer", "trustlog"), ("auditor", "trustlog")] {
                let write = try await Command.run(broker.kcat("-P", user: user, topic: topic), input: Array("x\n".utf8))
                #expect(write.code != 0, "\(user) writes to \(topic)")
                #expect(write.errorText.contains("authoriz"), "\(write.errorText)")
            }
            for (user, topic) in [("trustlog", "trustlog"), ("producer", "operations"), ("auditor", "operations")] {
                let read = try await Command.run(
                    broker.kcat("-C", user: user, topic: topic) + ["-o", "beginning", "-e", "-q"])
                #expect(read.output.isEmpty, "\(user) reads \(topic)")
                #expect(read.errorText.contains("authoriz"), "\(read.errorText)")
            }
        }

        @Test(
            "Kafka: under trustlog-only the transactions need no more than the documented rights",
            .requires(SecureBroker.requirements))
        func transactions() async throws {
            let broker = try await SecureBroker.shared()
            let folder = try TemporaryFolder("tlg")
            var settings = broker.settings(user: "trustlog")
            settings["strategy"] = "trustlog-only"
            settings["signing.key-file"] = try await TrustlogBinary.makeKey(in: folder)
            let process = try TrustlogProcess(settings: settings, log: folder["log"])
            try await process.awaitStarted()
            var generator = OperationGenerator(seed: 85, name: "transactions")
            let opIds = generator.take(50)
            try await broker.plain.produce("operations", lines: opIds.map(\.keyedLine))
            try await eventually("every operation is published") {
                // kcat reads what is committed only.
                let published = try await broker.plain.consume("trustlog", headers: true)
                return Set(opIds.map(\.opId)).isSubset(of: published.compactMap { $0.header("ce_id") })
            }
            #expect(try await process.stop() == .exited(0))
        }

        @Test(
            "PostgreSQL: the service does its work, and can change nothing that an operation says",
            .requires(.postgreSQL))
        func postgreSQL() async throws {
            let server = try await PostgreSQLServer.start()
            try await server.psql("DROP DATABASE trustlog", database: "postgres")
            try await server.psql(try Documented.block("postgresql: users"), database: "postgres")
            func url(_ user: String) -> String { "postgresql://\(user)@127.0.0.1:\(server.port)/trustlog" }
            try await TrustlogBinary.check(["migrate", "--set", "database.url=\(url("trustlog_owner"))"])
            func service(_ sql: String, as user: String = "trustlog") async throws -> CommandResult {
                try await Command.run(["psql", url(user), "-XAtq", "-v", "ON_ERROR_STOP=1", "-c", sql])
            }
            let granted = try await service(try Documented.block("postgresql: grants"), as: "trustlog_owner")
            #expect(granted.code == 0, "\(granted.errorText)")

            try await worksWithout(migrating: url("trustlog")) { sql in
                try await server.psql(sql).split(separator: "\n").map(String.init)
            }
            for forbidden in [
                "UPDATE operation SET op_actor = 'somebody else'", "DELETE FROM operation", "TRUNCATE operation",
                "UPDATE operation SET recorded_at = now()", "DROP TABLE trustlog_retry", "CREATE TABLE t (a int)",
                "UPDATE trustlog_schema SET database_id = 'x'", "DELETE FROM trustlog_consumer_offset",
                "CREATE TEMPORARY TABLE t (a int)",
            ] {
                let result = try await service(forbidden)
                #expect(result.code != 0, "\(forbidden)")
                #expect(
                    result.errorText.contains("permission denied") || result.errorText.contains("must be owner"),
                    "\(result.errorText)")
            }
        }

        @Test("MariaDB: the same", .requires(.mariaDB))
        func mariaDB() async throws {
            let server = try await MariaDBServer.start()
            // The test kit's own users would match before those of the document.
            try await server.sql("DROP USER trustlog@'127.0.0.1'", database: "mysql")
            try await server.sql(try Documented.block("mariadb: users"), database: "mysql")
            func url(_ user: String) -> String { "mysql://\(user)@127.0.0.1:\(server.port)/trustlog" }
            try await TrustlogBinary.check([
                "migrate", "--set", "database.url=\(url("trustlog_owner"))", "--set", "database.password=change me",
            ])
            try await server.sql(try Documented.block("mariadb: grants"))
            try await worksWithout(migrating: url("trustlog"), password: "change me, too") { sql in
                try await server.sql(sql).split(separator: "\n").map { String($0.replacing("\t", with: "|")) }
            }
            for forbidden in [
                "UPDATE operation SET op_actor = 'somebody else'", "DELETE FROM operation", "TRUNCATE TABLE operation",
                "UPDATE operation SET recorded_at = UTC_TIMESTAMP(6)", "DROP TABLE trustlog_retry",
                "CREATE TABLE t (a int)", "UPDATE trustlog_schema SET database_id = 'x'",
                "DELETE FROM trustlog_consumer_offset",
            ] {
                let result = try await Command.run([
                    "mariadb", "--no-defaults", "-h127.0.0.1", "-P\(server.port)", "-utrustlog",
                    "-pchange me, too", "-e", forbidden, "trustlog",
                ])
                #expect(result.code != 0, "\(forbidden)")
                #expect(result.errorText.contains("denied"), "\(result.errorText)")
            }
        }

        /// The whole of what the service does with its tables: new rows, duplicates, a refused record with its retries up to
        /// the dead letter, and what an operator's commands write.
        private func worksWithout(
            migrating url: String, password: String? = nil, rows: (String) async throws -> [String]
        ) async throws {
            var settings = [
                "database.url": url, "database.migrate": "false", "retry.initial-backoff": "100ms",
                "retry.interval": "100ms", "retry.max-count": "1",
            ]
            settings["database.password"] = password
            let sidecar = try await Sidecar.make(settings: settings)
            try await KafkaBroker.shared().tool(
                "configs",
                [
                    "--alter", "--entity-type", "topics", "--entity-name", sidecar.output, "--add-config",
                    "max.message.bytes=2000",
                ])
            let check = try await TrustlogBinary.run(["config", "check", "--connect"] + sidecar.options())
            #expect(check.code == 0, "\(check.text)")
            #expect(check.lines.contains { $0.hasPrefix("ok       grants: ") }, "\(check.text)")

            let process = try await sidecar.run()
            var generator = OperationGenerator(seed: 84, name: "grants")
            let operations = generator.take(200)
            try await sidecar.produce(operations)
            try await sidecar.produce(operations.prefix(20))
            let large = Poison.operation("large", [("x", "\"\(String(repeating: "x", count: 4_000))\"")])
            try await sidecar.kcat.produce(sidecar.input, key: "large", value: Array(large.utf8))
            try await eventually("every row is published but the one that is a dead letter") {
                let counts = try await rows(
                    "SELECT trustlog_status, count(*) FROM operation GROUP BY trustlog_status ORDER BY 2")
                let retries = try await rows("SELECT op_id, retry_status FROM trustlog_retry")
                return counts == ["FAILED|1", "TRUSTLOGGED|200"] && retries == ["large|DEAD_LETTER"]
            }
            #expect(try await process.stop() == .exited(0))
            #expect(try await rows("SELECT count(*) FROM trustlog_consumer_offset") != ["0"])

            // What an operator does is the same user's work.
            for command in [
                ["retries", "requeue", "large"], ["retries", "discard", "large", "--yes"],
                ["cursors", "set", "bookmark", "end"], ["cursors", "delete", "bookmark", "--yes"], ["audit"],
                ["replay", "--from", "op:\(operations[0].opId)", "--to", "op:\(operations[0].opId)"],
            ] {
                try await TrustlogBinary.check(command + sidecar.options())
            }
            #expect(try await rows("SELECT count(*) FROM operation WHERE trustlog_status = 'DISCARDED'") == ["1"])
            #expect(try await rows("SELECT count(*) FROM trustlog_cursor WHERE cursor_key = 'bookmark'") == ["0"])
        }
    }
}
