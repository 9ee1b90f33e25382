import CommandLineTool
import Testing

@Suite("trustlog status without a running process")
struct StatusCommandTests {
    private func status(_ broker: BrokerFixture, _ url: String) async throws -> (outcome: Outcome, status: JSONValue) {
        let outcome = await trustlog(
            "status", "-o", "json", "--timeout", "20s", "--set", "admin.listen=off", "--set", "database.url=\(url)",
            environment: broker.environment)
        return (outcome, try JSONValue(json: outcome.output))
    }

    @Test("what the broker knows is shown while the database is away, with its problem, exit 69")
    func databaseAway() async throws {
        let broker = try BrokerFixture()
        let (outcome, status) = try await status(broker, "sqlite:/no/such/folder/t.db")
        #expect(outcome.code == 69)
        #expect(outcome.error.hasPrefix("error: no process runs, and the database cannot be asked: "))
        #expect(status["consumer"]?.arrayValue?.count == 3)
        #expect(status["persisted"] == .null)
        #expect(status["summary"]?.stringValue?.hasPrefix("The database cannot be reached: ") == true)
    }

    @Test(
        "a database that takes the connection and never answers is given up after --timeout, exit 69",
        arguments: ["postgresql", "mysql"])
    func databaseSilent(scheme: String) async throws {
        let silent = try SilentServer()
        let outcome = await trustlog(
            "status", "--timeout", "1s", "--set", "admin.listen=off", "--set",
            "database.url=\(scheme)://u@127.0.0.1:\(silent.port)/x")
        #expect(outcome.code == 69)
        #expect(
            outcome.error == """
                error: no process runs, and the database cannot be asked: it did not answer within 1s
                hint: start 'trustlog run', or mend database.url

                """)
        #expect(outcome.output.contains("The database cannot be reached: it did not answer within 1s. "))
    }

    @Test("a database that takes the connection and never answers costs the broker's part nothing")
    func databaseSilentBesideBroker() async throws {
        let broker = try BrokerFixture()
        let silent = try SilentServer()
        let (outcome, status) = try await status(
            broker, "postgresql://u@127.0.0.1:\(silent.port)/x?connect_timeout=600")
        #expect(outcome.code == 69 && outcome.error.contains("it did not answer within 20s"), "\(outcome.error)")
        #expect(status["consumer"]?.arrayValue?.count == 3)
    }

    @Test("a broker that takes the connection and never answers costs the database's part nothing, exit 0")
    func brokerSilent() async throws {
        let fixture = try await OperatorFixture(operations: 3)
        let silent = try SilentServer()
        let outcome = await fixture.run(
            "status", "-o", "json", "--timeout", "20s", "--set", "admin.listen=off", "--set",
            "kafka.bootstrap-servers=127.0.0.1:\(silent.port)")
        #expect(outcome.code == 0 && outcome.error.isEmpty, "\(outcome.error)")
        let status = try JSONValue(json: outcome.output)
        #expect(status["persisted"] == 3)
        #expect(status["summary"]?.stringValue?.hasPrefix("Kafka cannot be reached: ") == true)
    }

    @Test(
        "what PostgreSQL's library says in lines and columns stands on one line, without escapes",
        arguments: [
            ["status", "--set", "admin.listen=off"], ["retries", "list"], ["migrate", "--check"],
            [
                "config", "check", "--connect", "--set", "strategy=db-only", "--set",
                "kafka.bootstrap-servers=127.0.0.1:1",
            ],
        ])
    func oneLine(command: [String]) async throws {
        let outcome = await trustlog(
            command + ["--timeout", "20s", "--set", "database.url=postgresql://u@127.0.0.1:1/x"])
        #expect(outcome.code == 69)
        let told = try #require(
            (outcome.output + outcome.error).split(separator: "\n").first {
                $0.contains("error") && $0.contains("PostgreSQL")
            })
        #expect(told.contains(" Is the server running"), "\(told)")
        #expect(!told.contains("\\t") && !told.contains("\t") && !told.contains("\\n"), "\(told)")
    }
}
