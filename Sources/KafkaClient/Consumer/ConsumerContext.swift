import CRdKafka

/// What a consumer's C callbacks reach. All but the log are called while the consumer polls, on its thread.
// @unchecked: `consumer` is set before the first poll, and only polls read it.
final class ConsumerContext: ClientContext, @unchecked Sendable {
    weak var consumer: KafkaConsumer?

    static func consumer(of handle: OpaquePointer?) -> KafkaConsumer? {
        (ClientContext.of(handle) as? ConsumerContext)?.consumer
    }

    static func installCallbacks(_ configuration: borrowing ConfigurationHandle) {
        rd_kafka_conf_set_rebalance_cb(configuration.pointer) { handle, code, list, _ in
            guard let handle, let list else { return }
            if let consumer = ConsumerContext.consumer(of: handle) {
                consumer.rebalance(handle, code, PartitionList.partitions(of: list))
            } else {
                // librdkafka waits for an answer to every rebalance.
                rd_kafka_assign(handle, nil)
            }
        }
        rd_kafka_conf_set_error_cb(configuration.pointer) { handle, code, reason, _ in
            let message = reason.map { String(cString: $0) }
            ConsumerContext.consumer(of: handle)?.failed(KafkaError(code: code, message: message))
        }
        rd_kafka_conf_set_stats_cb(configuration.pointer) { handle, json, _, _ in
            if let json { ClientContext.of(handle)?.health.receive(statistics: json) }
            // 0: librdkafka frees the text.
            return 0
        }
    }
}
