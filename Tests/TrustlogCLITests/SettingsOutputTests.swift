import CommandLineTool
import Testing
import TrustlogCLI
import TrustlogTestKit

@Suite("Showing settings")
struct SettingsOutputTests {
    @Test("config show is YAML that gives the same settings again")
    func roundTrip() throws {
        let first = try load(
            """
            strategy: db-only
            instance.id: "5"
            kafka: {bootstrap-servers: [a:1], properties: {client.id: "a \\"b\\" \\\\ é\\x01", client.rack: "off"}}
            input: {topic: "123", group-id: "# no comment: really", batch-bytes: 100000}
            output.forward-headers: ["x: y", off]
            log.level: trace
            """, environment: ["TRUSTLOG_CURSOR_INTERVAL": "1500ms"], set: ["http.listen=[::1]:1", "admin.listen=off"])
        let shown = SettingsShow(first).yaml()
        let second = try load(shown)
        #expect(second.settings.instanceID == "5")
        #expect(second.settings.kafka.properties == first.settings.kafka.properties)
        #expect(second.settings.input.groupID == "# no comment: really")
        #expect(second.settings.input.batchBytes == 100_000)
        #expect(second.settings.output.forwardHeaders == ["x: y", "off"])
        #expect(second.settings.cursor.interval == .milliseconds(1_500))
        #expect(second.settings.admin.listen == nil)
        let values = { (yaml: String) in yaml.split(separator: "\n").map { $0.prefix { $0 != "#" } } }
        #expect(values(SettingsShow(second).yaml()) == values(shown))
    }

    @Test(
        "characters that a YAML file must not hold, or that end a line in it, come back",
        arguments: [
            "\u{FFFE}", "\u{FFFF}", "\u{FFFD}", "\u{FEFF}", "\u{2028}", "\u{2029}", "\u{85}", "\u{1}", "\u{7F}",
            "\u{D7FF}", "\u{E000}", "\u{1FFFE}", "\u{10FFFF}", "\n", "\t",
        ])
    func awkwardCharacters(character: String) throws {
        let value = "a \(character) \(character)b\(character)"
        let first = try load(set: ["kafka.properties.client.id=\(value)"])
        let second = try load(SettingsShow(first).yaml())
        let shown = try #require(second.settings.kafka.properties["client.id"])
        #expect(shown.utf8.elementsEqual(value.utf8))
    }

    @Test("every value says where it comes from")
    func origins() throws {
        let shown = SettingsShow(
            try load(
                "input.topic: a\n", environment: ["TRUSTLOG_INPUT_GROUP_ID": "b"], set: ["output.topic=c"])
        ).yaml()
        for line in [
            "  topic: a # file, line 1", "  group-id: b # TRUSTLOG_INPUT_GROUP_ID", "  topic: c # --set",
            "  batch-size: 5000 # default", "  dead-letter-topic: a.dead-letter # default", "  # id: not set",
        ] {
            #expect(shown.contains("\n" + line + "\n"), "\(line)")
        }
    }

    @Test("no secret is shown, and the file of one is named instead")
    func masks() throws {
        let directory = try TemporaryDirectory()
        let file = try directory.file("secret", "hunter2\n")
        let loaded = try load(
            """
            database: {url: "postgresql://u:hunter2@h/db?sslpassword=hunter2&connect_timeout=1", password: hunter2}
            kafka.properties: {sasl.password: hunter2, ssl.keystore.password: hunter2, ssl.key.pem: hunter2}
            kafka.consumer: {sasl.oauthbearer.client.secret: hunter2, ssl.key.password-file: \(file)}
            """)
        let shown = SettingsShow(loaded).yaml()
        #expect(!shown.contains("hunter2"))
        #expect(shown.contains("  url: \"postgresql://u:***@h/db?sslpassword=***&connect_timeout=1\""))
        #expect(shown.contains("  password: \"***\""))
        #expect(shown.contains("    sasl.password: \"***\""))
        #expect(shown.contains("    ssl.key.password-file: \(file)"))
    }

    @Test(
        "the password within a URL is masked, whatever it holds",
        arguments: [
            ("postgresql://u:p@h/db", "postgresql://u:***@h/db"), ("mysql://u:a@b:c/d@h:1/db", "mysql://u:***@h:1/db"),
            ("mysql://u@h/db", "mysql://u@h/db"),
            ("postgresql://h/db?user=u&password=p#x", "postgresql://h/db?user=u&password=***"),
            ("postgresql://u:p?q@h/db", "postgresql://u:***@h/db"),
            ("sqlite:/a@b:c?password", "sqlite:/a@b:c?password"),
            ("postgresql://:p@h", "postgresql://:***@h"),
            // An @ among the parameters ends no user.
            ("postgresql://h/d?user=u&password=S3C@x", "postgresql://h/d?user=u&password=***"),
            ("postgresql://127.0.0.1:1/d?user=u&password=S3C@x", "postgresql://127.0.0.1:1/d?user=u&password=***"),
            ("postgresql://u:S3C@h:1/d?user=u@x&sslmode=require", "postgresql://u:***@h:1/d?user=u@x&sslmode=require"),
            ("mysql://h/d?password=S3C:q@x", "mysql://h/d?password=***"),
            ("postgresql://?user=u&password=S3C@x/y", "postgresql://?user=u&password=***"),
            // What may belong to a password is masked with it.
            ("mysql://u:S3C/b?c@h/db", "mysql://u:***@h/db"), ("mysql://u:12/S3C?c=d@h/db", "mysql://u:***@h/db"),
            ("postgresql://u:a@S3C/c?S3C@h/db", "postgresql://u:***@h/db"),
            ("postgresql://u:S3C/h", "postgresql://u:***"), ("postgresql://u:99999/h", "postgresql://u:***"),
            ("postgresql://h/d?password=a&S3C&sslmode=require", "postgresql://h/d?password=***&sslmode=require"),
            ("postgresql://h/d?password=a&b=S3C", "postgresql://h/d?password=***"),
            ("postgresql://h/d?pasword=S3C", "postgresql://h/d?pasword=***"),
            ("postgresql://u:S3C@\u{301}h/d", "postgresql://u:***@\u{301}h/d"),
            // Percent-encoding of the name hides nothing.
            ("postgresql://h/d?pass%77ord=S3C&sslmode=require", "postgresql://h/d?pass%77ord=***&sslmode=require"),
            ("postgresql://h/d?%53SLPASSWORD=S3C", "postgresql://h/d?%53SLPASSWORD=***"),
        ])
    func maskedURL(url: String, masked: String) {
        #expect(DatabaseURL(url)?.masked == masked)
    }

    @Test("the schema names every key, with the default that is used")
    func schema() throws {
        let schema = try JSONValue(json: SettingsSchema.json().prettyText)
        let properties = try #require(schema["properties"])
        for setting in SettingsTable.all {
            let dotted = try #require(properties[setting.key])
            #expect(dotted["description"]?.stringValue == setting.doc)
            let parts = setting.key.split(separator: ".", maxSplits: 1).map(String.init)
            if parts.count == 2 { #expect(properties[parts[0]]?["properties"]?[parts[1]] == dotted) }
        }
        #expect(properties["cursor.batch-size"]?["default"] == 100)
        #expect(properties["database.migrate"]?["default"] == true)
        #expect(properties["log.level"]?["enum"]?.arrayValue?.count == 7)
        #expect(properties["database.password-file"] != nil)
        #expect(schema["additionalProperties"] == false)
    }

    @Test("the documentation has a row for every key")
    func markdown() {
        let lines = SettingsTable.markdown().split(separator: "\n").map(String.init)
        #expect(lines.count == SettingsTable.all.count + SettingsTable.propertyGroups.count + 2)
        for setting in SettingsTable.all { #expect(lines.contains { $0.hasPrefix("| `\(setting.key)` |") }) }
        #expect(
            lines.contains(
                "| `cursor.batch-size` | integer, 1 to 10000 | `100` | Rows that fail together. |"))
    }

    @Test("the README shows the table of settings as it is")
    func readme() throws {
        let readme = String(decoding: try FileTree.read(Checkout.root + "/README.md"), as: UTF8.self)
        let block = readme.split(separator: "<!-- settings -->\n").last?.split(separator: "<!-- /settings -->").first
        #expect(
            block.map(String.init) == SettingsTable.markdown(),
            "put the output of `trustlog config schema -o markdown` between the two comments")
    }

    @Test("the keys of the table are those of the contract, section 8")
    func keys() {
        #expect(
            Set(SettingsTable.all.map(\.key)) == [
                "strategy", "instance.id", "kafka.bootstrap-servers", "kafka.create-topics", "input.topic",
                "input.group-id", "input.session-timeout", "input.batch-size", "input.batch-bytes",
                "input.dead-letter-topic", "output.topic", "output.key", "output.source", "output.forward-headers",
                "database.url", "database.password", "database.migrate", "database.pool-size", "signing.key-file",
                "signing.additional-key-files", "verify.key-files", "cursor.interval", "cursor.batch-size",
                "cursor.max-in-flight", "cursor.count", "cursor.lease", "retry.interval", "retry.batch-size",
                "retry.max-count", "retry.initial-backoff", "retry.multiplier", "http.listen", "admin.listen",
                "health.readiness", "shutdown.timeout", "log.level", "log.format",
            ])
    }
}
