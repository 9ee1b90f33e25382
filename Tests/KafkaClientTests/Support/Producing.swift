import KafkaClient

extension KafkaProducer {
    /// Produces texts and waits for their results.
    @discardableResult
    func send(_ texts: [String], to topic: String, partition: Int32? = nil) async -> [DeliveryResult] {
        let batch = batch(count: texts.count)
        for (index, text) in texts.enumerated() {
            Array(text.utf8).withUnsafeBytes { value in
                _ = produce(
                    topic: topic, partition: partition, key: nil, value: value, headers: HeaderList(), batch: batch,
                    index: index)
            }
        }
        return await batch.results()
    }

    convenience init(_ servers: String, properties: [String: String] = [:], transactionalID: String? = nil) throws {
        try self.init(
            configuration: KafkaConfiguration(bootstrapServers: servers, properties: properties),
            logger: .discarding, transactionalID: transactionalID)
    }
}
