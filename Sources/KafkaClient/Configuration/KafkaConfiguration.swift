/// Where the cluster is and how to talk to it: any property of librdkafka's CONFIGURATION.md.
///
/// What a client needs for its promises is set after the properties given here and wins over them.
package struct KafkaConfiguration: Sendable {
    package var properties: [String: String]

    /// - Parameter bootstrapServers: `host:port`, several separated by commas.
    package init(bootstrapServers: String, properties: [String: String] = [:]) {
        self.properties = properties
        self.properties["bootstrap.servers"] = bootstrapServers
    }

    /// Whether a property's value must not be shown.
    package static func isSecret(_ name: String) -> Bool {
        ["passw", "secret", "token", ".pem", "oauthbearer.config", "jaas"].contains { name.contains($0) }
    }

    /// The values that must not be shown.
    var secrets: [String] {
        properties.filter { Self.isSecret($0.key) && !$0.value.isEmpty }.map(\.value)
    }
}
