import Glibc

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
        try await TopicAdmin(bootstrap: bootstrap).create(name, partitions: partitions, configs: configs)
        return name
    }

    /// The topics that are there.
    package func topics() async throws -> Set<String> {
        try await TopicAdmin(bootstrap: bootstrap).list()
    }
}
