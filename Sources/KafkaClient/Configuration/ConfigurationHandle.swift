import CRdKafka

/// A configuration of librdkafka under construction (`rd_kafka_conf_t`), freed unless an instance takes it over.
struct ConfigurationHandle: ~Copyable {
    let pointer: OpaquePointer

    init() {
        pointer = rd_kafka_conf_new()
    }

    deinit {
        rd_kafka_conf_destroy(pointer)
    }

    /// `rd_kafka_new` has taken the configuration over.
    consuming func handOver() {
        discard self
    }

    /// Applies the three layers in the order in which the later wins.
    init(
        defaults: [String: String], configuration: KafkaConfiguration, guarded: [String: String]
    ) throws(KafkaError) {
        self.init()
        for layer in [defaults, configuration.properties, guarded] {
            for (name, value) in layer.sorted(by: { $0.key < $1.key }) {
                try set(name, value)
            }
        }
    }

    private borrowing func set(_ name: String, _ value: String) throws(KafkaError) {
        var reason = [CChar](repeating: 0, count: 512)
        let result = rd_kafka_conf_set(pointer, name, value, &reason, reason.count)
        guard result != RD_KAFKA_CONF_OK else { return }
        throw KafkaError(
            code: KafkaError.invalidArgument,
            message: result == RD_KAFKA_CONF_UNKNOWN
                ? "librdkafka \(KafkaLibrary.version) knows no property \"\(name)\""
                : "property \"\(name)\" is refused: \(Self.isSecret(name) ? "its value is not allowed" : String(cBuffer: reason))"
        )
    }

    /// librdkafka's reasons quote the value.
    private static func isSecret(_ name: String) -> Bool {
        ["password", "secret", "token", ".pem", "oauthbearer.config", "jaas"].contains { name.contains($0) }
    }
}
