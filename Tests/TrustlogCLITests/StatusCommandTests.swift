import CommandLineTool
import Testing

@Suite("trustlog status without a running process")
struct StatusCommandTests {
    private func status(_ broker: BrokerFixture, _ url: String) async throws -> (outcome: Outcome, status: JSONValue) {
        let outcome = await trustlog(
            "status", "-o", "json", "--timeout", "5s", "--set", "admin.listen=off", "--set", "database.url=\(url)",
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
}
