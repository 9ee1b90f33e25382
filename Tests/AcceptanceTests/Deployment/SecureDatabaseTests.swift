import Testing
import TrustlogTestKit

extension AcceptanceSuite {
    @Suite("PostgreSQL with TLS and verify-full", .requires(.postgreSQL))
    struct SecureDatabases {
        @Test("the documented URL works, for the main job too, and every connection is encrypted")
        func documentedURL() async throws {
            let database = try await SecurePostgreSQL.start()
            let folder = try TemporaryFolder("tls")
            var yaml = try Documented.block("settings: postgresql")
            yaml.replace("@db:5432/", with: "@localhost:\(database.server.port)/")
            yaml.replace("/run/secrets/trustlog/database-ca/ca.crt", with: database.authority.certificate)
            yaml.replace("/run/secrets/trustlog/database/password", with: folder["password"])
            try FileTree.write(yaml, to: folder["trustlog.yaml"])
            try FileTree.write(SecurePostgreSQL.password + "\n", to: folder["password"])

            let sidecar = try await Sidecar.make()
            var settings = sidecar.commandSettings
            settings["database.url"] = nil
            let options = settings.flatMap { ["--set", "\($0.key)=\($0.value)"] }
            let check = try await TrustlogBinary.run(
                ["config", "check", "--connect", "--config", folder["trustlog.yaml"]] + options)
            #expect(check.code == 0, "\(check.text)\(check.errorText)")

            let process = try TrustlogProcess(
                settings: settings, log: folder["log"], environment: ["TRUSTLOG_CONFIG": folder["trustlog.yaml"]])
            try await process.awaitStarted()
            var generator = OperationGenerator(seed: 81, name: "tls")
            try await sidecar.produce(generator.take(200))
            try await eventually("every operation is TRUSTLOGGED") {
                let sql = "SELECT count(*) FROM operation WHERE trustlog_status = 'TRUSTLOGGED'"
                return (try? await database.server.psql(sql)) == "200\n"
            }
            let encryption = try await database.server.psql(
                """
                SELECT DISTINCT ssl FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE usename = 'trustlog'
                """)
            #expect(encryption == "t\n")
            #expect(try await process.stop() == .exited(0))
            #expect(process.logText.contains(SecurePostgreSQL.password) == false)
        }

        @Test("libpq's variables fill in what an operator's URL does not say; what does not verify is exit 69")
        func variables() async throws {
            let database = try await SecurePostgreSQL.start()
            let sidecar = try await Sidecar.make()
            let folder = try TemporaryFolder("tls")
            func check(
                password: String = SecurePostgreSQL.password, authority: String, host: String = "localhost"
            ) async throws -> CommandResult {
                let url = database.url(password: password).replacing("localhost", with: host)
                try FileTree.write(url + "\n", to: folder["uri"])
                var settings = sidecar.commandSettings
                settings["database.url"] = nil
                settings["database.url-file"] = folder["uri"]
                return try await TrustlogBinary.run(
                    ["config", "check", "--connect"] + settings.flatMap { ["--set", "\($0.key)=\($0.value)"] },
                    environment: ["PGSSLMODE": "verify-full", "PGSSLROOTCERT": authority])
            }
            let authority = database.authority.certificate
            let good = try await check(authority: authority)
            #expect(good.code == 0, "\(good.text)\(good.errorText)")

            let wrong = try await check(password: "wrong", authority: authority)
            #expect(wrong.code == 69)
            #expect(wrong.text.contains("password authentication failed for user \"trustlog\""))

            let stranger = try await TestAuthority.make()
            let unverified = try await check(authority: stranger.certificate)
            #expect(unverified.code == 69)
            #expect(unverified.text.contains("certificate verify failed"))

            // The certificate is for localhost alone.
            let renamed = try await check(authority: authority, host: "127.0.0.1")
            #expect(renamed.code == 69)
            #expect(renamed.text.contains("does not match host name"), "\(renamed.text)")
        }

        @Test("run stays up with a wrong password, tries again with growing pauses, and says so once a minute at most")
        func refusedWhileRunning() async throws {
            let database = try await SecurePostgreSQL.start()
            let sidecar = try await Sidecar.make()
            let folder = try TemporaryFolder("tls")
            try FileTree.write(database.url(password: "wrong horse"), to: folder["uri"])
            var settings = sidecar.commandSettings
            settings["database.url"] = nil
            settings["database.url-file"] = folder["uri"]
            let process = try TrustlogProcess(
                settings: settings, log: folder["log"],
                environment: ["PGSSLMODE": "verify-full", "PGSSLROOTCERT": database.authority.certificate])
            try await process.awaitStarted()
            try await Task.sleep(for: Scale.outage)
            let attempts = try database.server.log().split(separator: "\n").count {
                $0.contains("password authentication failed")
            }
            #expect(await HTTP.status(port: process.httpPort, path: "/livez") == 200)

            // Put right on the other side, it goes on by itself.
            try await database.server.psql("ALTER ROLE trustlog PASSWORD 'wrong horse'")
            var generator = OperationGenerator(seed: 82, name: "password")
            try await sidecar.produce(generator.take(50))
            try await eventually("it goes on by itself") {
                let sql = "SELECT count(*) FROM operation WHERE trustlog_status = 'TRUSTLOGGED'"
                return (try? await database.server.psql(sql)) == "50\n"
            }
            #expect(try await process.stop() == .exited(0))
            // A fixed pause of a quarter of a second, the first one, would make 40 in ten seconds, and a few connections share.
            #expect(attempts > 1)
            #expect(attempts < 25, "attempts in \(Scale.outage)")
            let repeated = try RepeatedLines(log: process.logText)
            #expect(repeated.troubles > 0, "it says nothing of what it waits for")
            #expect(repeated.found == [], "in \(Scale.outage)")
            #expect(process.logText.contains("wrong horse") == false)
        }
    }
}
