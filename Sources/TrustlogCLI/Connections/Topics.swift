import CommandLineTool
import KafkaClient
import Observability

extension Settings {
    /// Checks that a broker answers and has the topic.
    ///
    /// - Throws: ``CommandError`` that says what to do, with exit code 69 where no broker answers within `timeout`.
    func requireTopic(_ topic: String, to action: String, timeout: Duration, logger: Logger) async throws(CommandError)
    {
        let admin: KafkaAdmin
        do {
            admin = try KafkaAdmin(configuration: adminConfiguration, logger: logger)
        } catch {
            throw CommandError(.configuration, "the Kafka client cannot be made: \(error)")
        }
        let problem: KafkaError?
        do {
            problem = try await admin.metadata([topic], timeout: timeout).first?.error
        } catch {
            problem = admin.lastError ?? error
        }
        await admin.close()
        if let problem { throw problem.commandError(action, self) }
    }
}
