import Glibc

extension KafkaBroker {
    /// A name that no other test has.
    package static func uniqueName(_ prefix: String = "topic") -> String {
        var random = SystemRandomNumberGenerator()
        return "\(prefix)-\(getpid())-\(String(random.next() & 0xFFFF_FFFF, radix: 36))"
    }

    /// Creates a topic, through Kafka's own tool.
    /// - Returns: its name.
    @discardableResult
    package func createTopic(
        _ name: String = KafkaBroker.uniqueName(), partitions: Int = 1, configs: [String: String] = [:]
    ) async throws -> String {
        let options = configs.sorted { $0.key < $1.key }.flatMap { ["--config", "\($0.key)=\($0.value)"] }
        try await tool("topics", ["--create", "--topic", name, "--partitions", "\(partitions)"] + options)
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
