import BlockingExecutor
import CRdKafka

/// The instance behind an admin client, on its thread.
actor AdminSession {
    private let executor = BlockingExecutor(name: "kafka-admin")
    private let context: ClientContext
    private var client: ClientHandle?

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    init(configuration: KafkaConfiguration, context: ClientContext) throws(KafkaError) {
        let properties = try ConfigurationHandle(
            defaults: ["client.id": "trustlog"], configuration: configuration,
            guarded: ["allow.auto.create.topics": "false"])
        rd_kafka_conf_set_error_cb(properties.pointer) { handle, code, reason, _ in
            let message = reason.map { String(cString: $0) }
            ClientContext.of(handle)?.health.failed(KafkaError(code: code, message: message))
        }
        self.context = context
        client = try ClientHandle(type: RD_KAFKA_PRODUCER, configuration: properties, context: context)
    }

    deinit {
        client?.destroy()
    }

    func close() {
        client?.destroy()
        client = nil
    }

    private func open() throws(KafkaError) -> OpaquePointer {
        guard let client else { throw .closed }
        // Serves the error callback.
        rd_kafka_poll(client.pointer, 0)
        return client.pointer
    }

    // MARK: Metadata

    func reach(timeout: Duration) throws(KafkaError) {
        _ = try metadata(of: nil, timeout: timeout) { _ in }
        context.health.answered()
    }

    func metadata(_ topic: String, timeout: Duration) throws(KafkaError) -> TopicMetadata {
        let client = try open()
        guard let handle = rd_kafka_topic_new(client, topic, nil) else {
            return TopicMetadata(name: topic, partitions: 0, error: KafkaError(rd_kafka_last_error()))
        }
        defer { rd_kafka_topic_destroy(handle) }
        return try metadata(of: handle, timeout: timeout) { metadata in
            guard metadata.topic_cnt > 0, let found = metadata.topics?.pointee else {
                return TopicMetadata(
                    name: topic, partitions: 0, error: KafkaError(code: KafkaError.unknownTopicOrPartition))
            }
            let error = found.err == RD_KAFKA_RESP_ERR_NO_ERROR ? nil : KafkaError(found.err)
            return TopicMetadata(name: topic, partitions: Int(found.partition_cnt), error: error)
        }
    }

    private func metadata<R>(
        of topic: OpaquePointer?, timeout: Duration, _ body: (rd_kafka_metadata) -> R
    ) throws(KafkaError) -> R {
        let client = try open()
        var metadata: UnsafePointer<rd_kafka_metadata>?
        let result = rd_kafka_metadata(client, 0, topic, &metadata, timeout.milliseconds)
        rd_kafka_poll(client, 0)
        try KafkaError.check(result)
        guard let metadata else { throw KafkaError(code: KafkaError.timedOut) }
        defer { rd_kafka_metadata_destroy(metadata) }
        return body(metadata.pointee)
    }

    // MARK: Requests with a result event

    func createTopics(_ topics: [NewTopic], timeout: Duration) throws(KafkaError) -> [TopicCreation] {
        let client = try open()
        var handles: [OpaquePointer?] = []
        defer { for handle in handles { rd_kafka_NewTopic_destroy(handle) } }
        for topic in topics {
            handles.append(try Self.newTopic(topic))
        }
        return try request(RD_KAFKA_ADMIN_OP_CREATETOPICS, timeout) { options, queue in
            rd_kafka_CreateTopics(client, &handles, handles.count, options, queue)
        } result: { event in
            var count = 0
            let results = rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event), &count)
            return (0..<count).compactMap { results?[$0] }.map { result in
                TopicCreation(name: String(cString: rd_kafka_topic_result_name(result)), outcome: Self.outcome(result))
            }
        }
    }

    private static func newTopic(_ topic: NewTopic) throws(KafkaError) -> OpaquePointer {
        var reason = [CChar](repeating: 0, count: 512)
        guard
            let handle = rd_kafka_NewTopic_new(
                topic.name, Int32(clamping: topic.partitions), Int32(clamping: topic.replicationFactor), &reason,
                reason.count)
        else {
            throw KafkaError(code: KafkaError.invalidArgument, message: String(cBuffer: reason))
        }
        for (name, value) in topic.configuration {
            rd_kafka_NewTopic_set_config(handle, name, value)
        }
        return handle
    }

    private static func outcome(_ result: OpaquePointer) -> TopicCreation.Outcome {
        switch rd_kafka_topic_result_error(result) {
        case RD_KAFKA_RESP_ERR_NO_ERROR: .created
        case RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS: .existed
        case let code:
            .failed(
                KafkaError(
                    code: code.rawValue, message: rd_kafka_topic_result_error_string(result).map { String(cString: $0) }
                ))
        }
    }

    func topicConfiguration(_ topic: String, timeout: Duration) throws(KafkaError) -> [String: String] {
        let client = try open()
        guard let resource = rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic) else {
            throw KafkaError(code: KafkaError.invalidArgument, message: "not a topic's name: \"\(topic)\"")
        }
        defer { rd_kafka_ConfigResource_destroy(resource) }
        var resources: [OpaquePointer?] = [resource]
        return try request(RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS, timeout) { options, queue in
            rd_kafka_DescribeConfigs(client, &resources, 1, options, queue)
        } result: { (event) throws(KafkaError) in
            var count = 0
            let results = rd_kafka_DescribeConfigs_result_resources(
                rd_kafka_event_DescribeConfigs_result(event), &count)
            guard count > 0, let result = results?[0] else { return [:] }
            let code = rd_kafka_ConfigResource_error(result)
            guard code == RD_KAFKA_RESP_ERR_NO_ERROR else {
                let message = rd_kafka_ConfigResource_error_string(result).map { String(cString: $0) }
                throw KafkaError(code: code.rawValue, message: message)
            }
            return Self.entries(of: result)
        }
    }

    private static func entries(of resource: OpaquePointer) -> [String: String] {
        var count = 0
        let entries = rd_kafka_ConfigResource_configs(resource, &count)
        var settings: [String: String] = [:]
        for entry in (0..<count).compactMap({ entries?[$0] }) {
            // Sensitive settings come without a value.
            guard let name = rd_kafka_ConfigEntry_name(entry), let value = rd_kafka_ConfigEntry_value(entry) else {
                continue
            }
            settings[String(cString: name)] = String(cString: value)
        }
        return settings
    }

    func consumerGroupMembers(_ group: String, timeout: Duration) throws(KafkaError) -> Int? {
        let client = try open()
        return try request(RD_KAFKA_ADMIN_OP_DESCRIBECONSUMERGROUPS, timeout) { options, queue in
            group.withCString { name in
                var names: [UnsafePointer<CChar>?] = [name]
                rd_kafka_DescribeConsumerGroups(client, &names, 1, options, queue)
            }
        } result: { (event) throws(KafkaError) in
            var count = 0
            let groups = rd_kafka_DescribeConsumerGroups_result_groups(
                rd_kafka_event_DescribeConsumerGroups_result(event), &count)
            guard count > 0, let found = groups?[0] else { return nil }
            if let error = rd_kafka_ConsumerGroupDescription_error(found) {
                // It belongs to the description, which is freed with the event.
                throw KafkaError(
                    code: rd_kafka_error_code(error).rawValue, message: String(cString: rd_kafka_error_string(error)))
            }
            guard rd_kafka_ConsumerGroupDescription_state(found) != RD_KAFKA_CONSUMER_GROUP_STATE_DEAD else {
                return nil
            }
            return rd_kafka_ConsumerGroupDescription_member_count(found)
        }
    }

    /// Sends a request and waits for its event.
    private func request<R>(
        _ operation: rd_kafka_admin_op_t, _ timeout: Duration,
        send: (_ options: OpaquePointer?, _ queue: OpaquePointer) -> Void,
        result: (_ event: OpaquePointer) throws(KafkaError) -> R
    ) throws(KafkaError) -> R {
        let client = try open()
        guard let queue = rd_kafka_queue_new(client) else { throw .closed }
        defer { rd_kafka_queue_destroy(queue) }
        let options = rd_kafka_AdminOptions_new(client, operation)
        defer { rd_kafka_AdminOptions_destroy(options) }
        var reason = [CChar](repeating: 0, count: 512)
        rd_kafka_AdminOptions_set_request_timeout(options, timeout.milliseconds, &reason, reason.count)
        send(options, queue)
        // librdkafka ends the request by its own time-out; the rest is for a late event.
        guard let event = rd_kafka_queue_poll(queue, (timeout + .seconds(2)).milliseconds) else {
            throw KafkaError(code: KafkaError.timedOut)
        }
        defer { rd_kafka_event_destroy(event) }
        rd_kafka_poll(client, 0)
        let code = rd_kafka_event_error(event)
        guard code == RD_KAFKA_RESP_ERR_NO_ERROR else {
            let message = rd_kafka_event_error_string(event).map { String(cString: $0) }
            throw KafkaError(code: code.rawValue, message: message)
        }
        context.health.answered()
        return try result(event)
    }
}
