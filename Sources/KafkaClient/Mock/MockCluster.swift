import CRdKafka
package import Observability
import Synchronization

/// librdkafka's mock cluster, in this process and reachable by any librdkafka client over loopback.
///
/// It keeps about 5 MB a partition (older messages vanish), has 4 partitions a topic unless told otherwise, knows no request
/// to create topics and does not fence zombies: for unit tests and the demo.
// @unchecked: librdkafka's mock functions may be called from any thread.
package final class MockCluster: @unchecked Sendable {
    private let client: ClientHandle
    private let cluster: OpaquePointer
    /// Ports of brokers that are down: librdkafka ends the process where a broker cannot listen there again.
    private let reserved = Mutex<[Int32: PortReservation]>([:])

    /// - Parameter brokers: their ids are 1 to `brokers`.
    package init(brokers: Int = 1, logger: Logger? = nil) throws(KafkaError) {
        let logger = logger ?? Logger(label: "kafka.mock", level: .critical, handler: Discard())
        let properties = try ConfigurationHandle(
            defaults: ["client.id": "mock"], configuration: KafkaConfiguration(bootstrapServers: ""), guarded: [:])
        let context = ClientContext(log: LibraryLog(logger: logger), health: BrokerHealth())
        client = try ClientHandle(type: RD_KAFKA_PRODUCER, configuration: properties, context: context)
        guard let cluster = rd_kafka_mock_cluster_new(client.pointer, Int32(clamping: max(1, brokers))) else {
            client.destroy()
            throw KafkaError(code: KafkaError.invalidState, message: "the mock cluster could not listen on loopback")
        }
        self.cluster = cluster
    }

    deinit {
        rd_kafka_mock_cluster_destroy(cluster)
        client.destroy()
    }

    package var bootstrapServers: String {
        rd_kafka_mock_cluster_bootstraps(cluster).map { String(cString: $0) } ?? ""
    }

    package func createTopic(_ name: String, partitions: Int, replicationFactor: Int = 1) throws(KafkaError) {
        try KafkaError.check(
            rd_kafka_mock_topic_create(
                cluster, name, Int32(clamping: partitions), Int32(clamping: replicationFactor)))
    }

    // MARK: Faults

    /// Closes the broker's connections and refuses new ones.
    package func setBrokerDown(_ id: Int32) throws(KafkaError) {
        try KafkaError.check(rd_kafka_mock_broker_set_down(cluster, id))
        reserved.withLock { $0[id] = port(ofBroker: id).flatMap { PortReservation($0) } }
    }

    package func setBrokerUp(_ id: Int32) throws(KafkaError) {
        try KafkaError.check(rd_kafka_mock_broker_set_up(cluster, id))
        reserved.withLock { $0[id] = nil }
    }

    private func port(ofBroker id: Int32) -> UInt16? {
        let servers = bootstrapServers.split(separator: ",")
        guard servers.indices.contains(Int(id) - 1) else { return nil }
        return servers[Int(id) - 1].split(separator: ":").last.flatMap { UInt16($0) }
    }

    /// Delays every answer of the broker.
    package func setRoundTripTime(_ delay: Duration, ofBroker id: Int32) throws(KafkaError) {
        try KafkaError.check(rd_kafka_mock_broker_set_rtt(cluster, id, delay.milliseconds))
    }

    /// The next requests of this kind fail, one with each of `errors` (``KafkaError/code``).
    /// - Parameter apiKey: Kafka's protocol number: 0 Produce, 1 Fetch, 3 Metadata, 8 OffsetCommit, 9 OffsetFetch.
    package func pushRequestErrors(apiKey: Int16, _ errors: [Int32]) {
        let codes = errors.map { rd_kafka_resp_err_t($0) }
        rd_kafka_mock_push_request_errors_array(cluster, apiKey, codes.count, codes)
    }

    package func clearRequestErrors(apiKey: Int16) {
        rd_kafka_mock_clear_request_errors(cluster, apiKey)
    }

    /// Metadata says so of this topic until another error (0: none) is set.
    package func setTopicError(_ topic: String, _ error: Int32) {
        rd_kafka_mock_topic_set_error(cluster, topic, rd_kafka_resp_err_t(error))
    }
}

private struct Discard: LogHandler {
    func log(level: Logger.Level, message: String, metadata: Logger.Metadata, label: String) {}
}
