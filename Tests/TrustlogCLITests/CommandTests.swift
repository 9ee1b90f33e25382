import CommandLineTool
import Testing
import TrustlogCLI

@Suite("Commands that need no service")
struct CommandTests {
    @Test("config check says yes, or everything that is wrong with exit 78")
    func configCheck() async throws {
        let directory = try TemporaryDirectory()
        #expect(await trustlog("keygen", directory.path + "/key").code == 0)
        let good = try directory.file(
            "good.yaml", "kafka.bootstrap-servers: [a:1]\nsigning.key-file: \(directory.path)/key\n")
        let valid = await trustlog("config", "check", "--config", good)
        #expect(valid.code == 0)
        #expect(valid.output == "the settings are valid (\(good))\n")
        #expect(valid.error.isEmpty)

        let bad = try directory.file("bad.yaml", "kafka.bootstrap-servers: [a:1]\ninput.batch-size: many\n")
        let invalid = await trustlog("--config", bad, "config", "check", "--set", "log.level=loud")
        #expect(invalid.code == 78)
        #expect(invalid.output.isEmpty)
        #expect(
            invalid.error == """
                error: the settings have 3 errors:
                \(bad):2:19: input.batch-size: 'many' is text; allowed: an integer from 1 to 100000
                --set: log.level: 'loud' is not allowed; allowed: one of trace, debug, info, notice, warning, error, critical
                signing.key-file: is not set, and every record that is published must be signed; make a key with \
                'trustlog keygen trustlog.key' and set signing.key-file to its path
                hint: 'trustlog config schema' lists every setting

                """)
    }

    @Test("config check asks for a signing key where something is published, and says how to make one")
    func configCheckWithoutKey() async {
        let outcome = await trustlog("config", "check", "--set", "kafka.bootstrap-servers=a:1")
        #expect(outcome.code == 78)
        #expect(outcome.error.contains("signing.key-file: is not set"))
        #expect(outcome.error.contains("'trustlog keygen trustlog.key'"))
        #expect(
            await trustlog("config", "check", "--set", "kafka.bootstrap-servers=a:1", "--set", "strategy=db-only").code
                == 0)
    }

    @Test(
        "config check refuses a signing key file that is not there, or unfit, as run does, and says how to make one",
        arguments: ["db-and-trustlog", "trustlog-only"])
    func configCheckKeys(strategy: String) async throws {
        let directory = try TemporaryDirectory()
        let (key, missing) = (directory.path + "/key", directory.path + "/no-such.key")
        #expect(await trustlog("keygen", key).code == 0)
        let unfit = try directory.file("unfit", "no key", mode: 0o600)
        let words = [
            "kafka.bootstrap-servers=127.0.0.1:1", "strategy=\(strategy)", "http.listen=off", "admin.listen=off",
            "database.url=sqlite:\(directory.path)/t.db",
        ].flatMap { ["--set", $0] }
        for command in [["config", "check"], ["run"]] {
            let main = await trustlog(command + words + ["--set", "signing.key-file=\(missing)"])
            #expect(main.code == 78 && main.output.isEmpty)
            #expect(
                main.error == """
                    error: cannot read the private key \(missing): No such file or directory
                    hint: make one with 'trustlog keygen \(missing)'

                    """)
            let good = ["--set", "signing.key-file=\(key)"]
            let additional = await trustlog(
                command + words + good + ["--set", "signing.additional-key-files=\(missing)"])
            #expect(additional.code == 78 && additional.error.contains("'trustlog keygen \(missing)'"))
            #expect(await trustlog(command + words + ["--set", "signing.key-file=\(unfit)"]).code == 78)
        }
    }

    @Test("config check warns of a key file that is not there where the service does not read it")
    func configCheckUnreadKeys() async throws {
        let directory = try TemporaryDirectory()
        let key = directory.path + "/key"
        #expect(await trustlog("keygen", key).code == 0)
        let words = ["config", "check", "--set", "kafka.bootstrap-servers=a:1", "--set"]
        let persisting = await trustlog(words + ["strategy=db-only", "--set", "signing.key-file=/no/such.key"])
        #expect(persisting.code == 0)
        #expect(persisting.error == "warning: the key file /no/such.key is not there\n")
        let verifying = await trustlog(
            words + ["signing.key-file=\(key)", "--set", "verify.key-files=/no/such.pub"])
        #expect(verifying.code == 0)
        #expect(verifying.error == "warning: the key file /no/such.pub is not there\n")
    }

    @Test(
        "config check and run refuse properties that librdkafka does not take together, and tell what it says",
        arguments: [
            ("producer.max.in.flight=100", "db-and-trustlog", "max.in.flight"),
            ("producer.retries=0", "db-only", "retries"), ("producer.retries=0", "trustlog-only", "retries"),
            ("consumer.max.poll.interval.ms=1000", "db-only", "max.poll.interval.ms"),
            ("properties.max.poll.interval.ms=1000", "trustlog-only", "max.poll.interval.ms"),
        ])
    func unfitTogether(property: String, strategy: String, told: String) async throws {
        let directory = try TemporaryDirectory()
        #expect(await trustlog("keygen", directory.path + "/key").code == 0)
        let words = [
            "kafka.bootstrap-servers=127.0.0.1:1", "signing.key-file=\(directory.path)/key", "strategy=\(strategy)",
            "database.url=sqlite:\(directory.path)/t.db", "http.listen=off", "admin.listen=off",
        ].flatMap { ["--set", $0] }
        #expect(await trustlog(["config", "check"] + words).code == 0)
        for command in [["config", "check"], ["run"]] {
            let outcome = await trustlog(command + words + ["--set", "kafka.\(property)"])
            #expect(outcome.code == 78)
            #expect(outcome.error.contains("cannot be made, librdkafka says: "), "\(outcome.error)")
            #expect(outcome.error.contains(told), "\(outcome.error)")
        }
    }

    @Test("--set without a value is a wrong command line, exit 64")
    func setWithoutValue() async {
        for word in ["input.topic", "=x", ""] {
            let outcome = await trustlog("config", "show", "--set", word)
            #expect(outcome.code == 64)
            #expect(outcome.error.hasPrefix("error: --set: '\(word)' is not KEY=VALUE\n"))
        }
    }

    @Test("config show and schema write to standard output only; warnings go to standard error")
    func configShow() async throws {
        let shown = await trustlog(
            "config", "show", environment: ["TRUSTLOG_X": "1", "TRUSTLOG_DATABASE_PASSWORD": "hunter2"])
        #expect(shown.code == 0)
        #expect(shown.error.contains("warning: the environment variable TRUSTLOG_X is no setting\n"))
        #expect(!shown.error.contains("hunter2") && !shown.output.contains("hunter2"))
        #expect(try load(shown.output).settings.input.topic == "operations")
        let schema = await trustlog("config", "schema")
        #expect(try JSONValue(json: schema.output)["properties"]?["input.topic"] != nil)
        #expect(await trustlog("config", "schema", "-o", "markdown").output == SettingsTable.markdown())
    }

    @Test("completions are printed for each shell", arguments: Shell.allCases)
    func completions(shell: Shell) async {
        let outcome = await trustlog("completions", shell.rawValue)
        #expect(outcome.code == 0)
        #expect(outcome.output == RootCommand.command.completionScript(for: shell))
        #expect(outcome.output.contains("keygen"))
    }

    @Test("a mistyped command is exit 64 with what was meant")
    func mistyped() async {
        let outcome = await trustlog("confg", "show")
        #expect(outcome.code == 64)
        #expect(outcome.error.contains("unknown command 'confg'\n       did you mean 'config'?\n"))
        #expect(await trustlog("completions", "tcsh").code == 64)
    }

    @Test("the version is printed")
    func version() async {
        #expect(await trustlog("--version").output == "trustlog \(Program.version)\n")
    }

    @Test("keygen's help is what people read")
    func help() async {
        #expect(
            await trustlog("keygen", "--help").output == """
                Make a key pair that signs records.

                Usage: trustlog keygen [--algorithm ALGORITHM] [--if-missing] FILE

                Writes the private key to FILE (PKCS#8 PEM, mode 0600) and the public key to
                FILE.pub, and prints the keyid. Overwrites nothing.

                Arguments:
                  FILE  Where the private key goes.

                Options:
                      --algorithm ALGORITHM  The kind of key. (ed25519, ecdsa-p256; default:
                                             ed25519)
                      --if-missing           Leave a key that is there already, and print its
                                             keyid.
                  -h, --help                 Show this help.

                Global options:
                      --config FILE    The settings file (YAML); else $TRUSTLOG_CONFIG.
                      --set KEY=VALUE  Set one setting, over file and environment. (repeatable)

                """)
    }
}
