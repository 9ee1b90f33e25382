extension KafkaConfiguration {
    /// Why librdkafka does not take a property with this value, or `nil` if it does: so that settings can be checked without
    /// a client. A secret value is not told.
    package static func problem(property: String, value: String) -> String? {
        do {
            _ = try ConfigurationHandle(
                defaults: [:], configuration: KafkaConfiguration(bootstrapServers: "localhost"),
                guarded: [property: value])
            return nil
        } catch {
            return error.message
        }
    }
}
