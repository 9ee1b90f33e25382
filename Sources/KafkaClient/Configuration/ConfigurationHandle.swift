import CRdKafka

/// A configuration of librdkafka under construction (`rd_kafka_conf_t`), freed unless an instance takes it over.
struct ConfigurationHandle: ~Copyable {
    let pointer: OpaquePointer
    private var isOwned = true
    /// Values that no error may quote.
    let secrets: [String]

    private init(secrets: [String]) {
        pointer = rd_kafka_conf_new()
        self.secrets = secrets
    }

    deinit {
        if isOwned { rd_kafka_conf_destroy(pointer) }
    }

    /// `rd_kafka_new` has taken the configuration over.
    mutating func handOver() {
        isOwned = false
    }

    /// Applies the three layers in the order in which the later wins.
    init(
        defaults: [String: String], configuration: KafkaConfiguration, guarded: [String: String]
    ) throws(KafkaError) {
        self.init(secrets: configuration.secrets)
        for layer in [defaults, configuration.properties, guarded] {
            for (name, value) in layer.sorted(by: { $0.key < $1.key }) {
                try set(name, value)
            }
        }
    }

    private borrowing func set(_ name: String, _ value: String) throws(KafkaError) {
        var reason = [CChar](repeating: 0, count: 512)
        let result = rd_kafka_conf_set(pointer, name, value, &reason, reason.count)
        switch result {
        case RD_KAFKA_CONF_OK:
            return
        case RD_KAFKA_CONF_UNKNOWN:
            throw KafkaError(
                code: KafkaError.invalidArgument,
                message: "librdkafka \(KafkaLibrary.version) knows no property \"\(name)\"")
        default:
            let shown = KafkaConfiguration.isSecret(name) ? "its value" : "the value \"\(value)\""
            throw KafkaError(
                code: KafkaError.invalidArgument, message: "property \"\(name)\": librdkafka refuses \(shown)")
        }
    }
}
