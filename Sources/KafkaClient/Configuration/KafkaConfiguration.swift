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
}
