import KafkaClient
import Observability

/// Creates and lists topics of any cluster.
package struct TopicAdmin: Sendable {
    package let bootstrap: String

    package init(bootstrap: String) {
        self.bootstrap = bootstrap
    }

    /// - Throws: also if the topic is there already.
    package func create(_ name: String, partitions: Int = 1, configs: [String: String] = [:]) async throws {
        let admin = try KafkaAdmin(
            configuration: KafkaConfiguration(bootstrapServers: bootstrap), logger: CapturingLogHandler().logger())
        let topic = NewTopic(name: name, partitions: partitions, configuration: configs)
        let outcome = try await admin.createTopics([topic], timeout: .seconds(30)).first?.outcome
        await admin.close()
        guard outcome == .created else {
            throw CommandError("topic \(name) cannot be created: \(outcome.map { "\($0)" } ?? "no answer")")
        }
    }

    /// The topics that are there, asked for by kcat.
    package func list() async throws -> Set<String> {
        let output = try await Command.check(["kcat", "-b", bootstrap, "-L", "-m", "10"]).text
        let names = output.split(separator: "\n").compactMap { line -> String? in
            let parts = line.split(separator: "\"")
            return parts.count >= 2 && parts[0].hasSuffix("topic ") ? String(parts[1]) : nil
        }
        return Set(names)
    }
}
