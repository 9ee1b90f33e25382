import KafkaClient

/// The settings as librdkafka takes them: `kafka.properties.*` for both sides, then what was set for the one side.
extension Settings {
    var consumerConfiguration: KafkaConfiguration { configuration(with: kafka.consumer) }
    var producerConfiguration: KafkaConfiguration { configuration(with: kafka.producer) }
    var adminConfiguration: KafkaConfiguration { configuration(with: [:]) }

    private func configuration(with side: [String: String]) -> KafkaConfiguration {
        KafkaConfiguration(
            bootstrapServers: kafka.bootstrapServers.joined(separator: ","),
            properties: kafka.properties.merging(side) { $1 })
    }
}
