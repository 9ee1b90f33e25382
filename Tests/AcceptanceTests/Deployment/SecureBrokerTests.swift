import Testing
import TrustlogTestKit

extension AcceptanceSuite {
    @Suite("A broker with TLS and SASL", .requires(SecureBroker.requirements))
    struct SecureBrokers {
        /// The documented settings, with this broker's address and files where the image's runtime finds them.
        private func documentedSettings(_ broker: SecureBroker, in folder: TemporaryFolder) async throws -> String {
            var yaml = try Documented.block("settings: kafka")
            yaml.replace("kafka:9093", with: broker.address)
            yaml.replace("/run/secrets/trustlog/kafka-user/password", with: "\(RuntimeRoot.files)/password")
            yaml.replace("/run/secrets/trustlog/kafka-ca/ca.crt", with: "\(RuntimeRoot.files)/ca.crt")
            yaml +=
                "database:\n  url: sqlite:/tmp/trustlog.db\nsigning:\n  key-file: \(RuntimeRoot.files)/ed25519.pem\n"
            try FileTree.write(yaml, to: folder["trustlog.yaml"])
            try FileTree.write(SecureBroker.password + "\n", to: folder["password"])
            try FileTree.write(try FileTree.read(broker.authority.certificate), to: folder["ca.crt"])
            let key = try await TrustlogBinary.makeKey(in: folder)
            try await Command.check(["chown", RuntimeRoot.user, key])
            return "\(RuntimeRoot.files)/trustlog.yaml"
        }

        @Test(
            "the documented settings for SCRAM work in the image's runtime, with the documented rights and no others",
            .requires(RuntimeRoot.requirement), .mountsAllowed)
        func scram() async throws {
            let broker = try await SecureBroker.shared()
            let root = try await RuntimeRoot.shared()
            let folder = try TemporaryFolder("tls")
            let settings = try await documentedSettings(broker, in: folder)
            let check = ["trustlog", "config", "check", "--connect", "--config", settings]
            let good = try await root.run(check, folder: folder.path)
            #expect(good.status == .exited(0), "\(good.text)\(good.errorText)")
            #expect(good.lines.contains { $0.hasPrefix("ok") && $0.contains("broker: \(broker.address) answers") })

            let before = try await broker.plain.count("trustlog", partitions: 3)
            let run = [
                "trustlog", "run", "--config", settings, "--set", "http.listen=off", "--set", "admin.listen=off",
                "--set",
                "input.group-id=trustlog",
            ]
            let process = try ChildProcess(
                root.command(run, folder: folder.path), output: folder["log"], error: folder["log"])
            var generator = OperationGenerator(seed: 80, name: "scram")
            try await broker.plain.produce("operations", lines: generator.take(200).map(\.keyedLine))
            try await eventually("every operation is published") {
                if let end = process.status { throw CommandError("\(end): \(try FileTree.text(folder["log"]))") }
                return try await broker.plain.count("trustlog", partitions: 3) >= before + 200
            }
            process.terminate()
            #expect(try await process.wait(within: Scale.bound(20)) == .exited(0))
            #expect(try FileTree.text(folder["log"]).contains(SecureBroker.password) == false)
        }

        @Test(
            "by SCRAM a wrong password or an unknown authority is exit 69, and the reason is told",
            .requires(RuntimeRoot.requirement), .mountsAllowed)
        func scramRefused() async throws {
            let broker = try await SecureBroker.shared()
            let root = try await RuntimeRoot.shared()
            let folder = try TemporaryFolder("tls")
            let settings = try await documentedSettings(broker, in: folder)
            let check = ["trustlog", "config", "check", "--connect", "--timeout", "10s", "--config", settings]
            try FileTree.write("wrong\n", to: folder["password"])
            let password = try await root.run(check, folder: folder.path)
            #expect(password.code == 69, "\(password.text)\(password.errorText)")
            #expect(password.text.contains("broker: \(broker.address) refuses the user"))
            #expect(password.text.contains("SASL authentication error"))

            try FileTree.write(SecureBroker.password + "\n", to: folder["password"])
            let stranger = try await TestAuthority.make()
            try FileTree.write(try FileTree.read(stranger.certificate), to: folder["ca.crt"])
            let certificate = try await root.run(check, folder: folder.path)
            #expect(certificate.code == 69, "\(certificate.text)\(certificate.errorText)")
            #expect(certificate.text.contains("certificate verify failed"))
        }

        @Test("by PLAIN over TLS, which every librdkafka can, the same")
        func plain() async throws {
            let broker = try await SecureBroker.shared()
            let folder = try TemporaryFolder("tls")
            let base = [
                "database.url": "sqlite:\(folder["trustlog.db"])",
                "signing.key-file": try await TrustlogBinary.makeKey(in: folder),
            ]
            func check(_ settings: [String: String]) async throws -> CommandResult {
                let all = base.merging(settings) { $1 }
                return try await TrustlogBinary.run(
                    ["config", "check", "--connect", "--timeout", "10s"]
                        + all.flatMap { ["--set", "\($0.key)=\($0.value)"] })
            }
            let good = try await check(broker.settings(user: "trustlog"))
            #expect(good.code == 0, "\(good.text)\(good.errorText)")

            let wrong = try await check(broker.settings(user: "trustlog", password: "wrong horse"))
            #expect(wrong.code == 69, "\(wrong.text)\(wrong.errorText)")
            #expect(wrong.text.contains("refuses the user"))
            #expect((wrong.text + wrong.errorText).contains("wrong horse") == false)

            let stranger = try await TestAuthority.make()
            var unverified = broker.settings(user: "trustlog")
            unverified["kafka.properties.ssl.ca.location"] = stranger.certificate
            let certificate = try await check(unverified)
            #expect(certificate.code == 69, "\(certificate.text)\(certificate.errorText)")
            #expect(certificate.text.contains("certificate verify failed"))

            // The broker's certificate is for localhost and 127.0.0.1, not for this name of the same machine.
            var renamed = broker.settings(user: "trustlog")
            renamed["kafka.bootstrap-servers"] = broker.address.replacing("localhost", with: "127.0.0.2")
            #expect(try await check(renamed).code == 69)
        }

        @Test("run stays up while the brokers refuse it, and says the same thing once a minute at most")
        func refusedWhileRunning() async throws {
            let broker = try await SecureBroker.shared()
            let folder = try TemporaryFolder("tls")
            var settings = broker.settings(user: "trustlog", password: "wrong horse")
            settings["database.url"] = "sqlite:\(folder["trustlog.db"])"
            settings["signing.key-file"] = try await TrustlogBinary.makeKey(in: folder)
            settings["log.format"] = "json"
            let process = try TrustlogProcess(settings: settings, log: folder["log"])
            try await process.awaitStarted()
            try await Task.sleep(for: Scale.outage)
            #expect(await HTTP.status(port: process.httpPort, path: "/livez") == 200)
            #expect(await HTTP.status(port: process.httpPort, path: "/readyz") == 200)
            #expect(try await process.stop() == .exited(0))
            let repeated = try RepeatedLines(log: process.logText)
            #expect(repeated.troubles > 0, "it says nothing of what it waits for")
            #expect(repeated.found == [], "in \(Scale.outage)")
            #expect(process.logText.contains("wrong horse") == false)
        }
    }
}
