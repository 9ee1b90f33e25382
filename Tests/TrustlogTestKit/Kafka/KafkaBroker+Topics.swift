import Glibc
import KafkaClient
import Observability

extension KafkaBroker {
    /// A name that no other test has.
    package static func uniqueName(_ prefix: String = "topic") -> String {
        var random = SystemRandomNumberGenerator()
        return "\(prefix)-\(getpid())-\(String(random.next() & 0xFFFF_FFFF, radix: 36))"
    }

    /// Creates a topic.
    /// - Returns: its name.
    @discardableResult
    package func createTopic(
        _ name: String = KafkaBroker.uniqueName(), partitions: Int = 1, configs: [String: String] = [:]
    ) async throws -> String {
        let admin = try KafkaAdmin(
            configuration: KafkaConfiguration(bootstrapServers: bootstrap), logger: CapturingLogHandler().logger())
        let topic = NewTopic(name: name, partitions: partitions, configuration: configs)
        let outcome = try await admin.createTopics([topic], timeout: .seconds(30)).first?.outcome
        await admin.close()
        guard outcome == .created else {
            throw CommandError("topic \(name) cannot be created: \(outcome.map { "\($0)" } ?? "no answer")")
        }
        return name
    }

    /// The topics that are there.
    package func topics() async throws -> Set<String> {
        let output = try await Command.check(["kcat", "-b", bootstrap, "-L", "-m", "10"]).text
        let names = output.split(separator: "\n").compactMap { line -> String? in
            let parts = line.split(separator: "\"")
            return parts.count >= 2 && parts[0].hasSuffix("topic ") ? String(parts[1]) : nil
        }
        return Set(names)
    }
}
