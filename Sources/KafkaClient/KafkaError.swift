import CRdKafka

/// What librdkafka or a broker refused, in their own terms.
package struct KafkaError: Error, Sendable, Equatable, CustomStringConvertible {
    /// `rd_kafka_resp_err_t`: Kafka's protocol codes, and negative ones of librdkafka itself.
    package var code: Int32
    package var message: String
    /// The instance is of no further use: close it and make a new one.
    package var isFatal: Bool
    /// The same call may succeed later.
    package var isRetriable: Bool
    /// The transaction under way has to be aborted; a new one may succeed.
    package var requiresAbort: Bool

    /// `message` is librdkafka's own text for the code if none is given.
    package init(
        code: Int32, message: String? = nil, isFatal: Bool = false, isRetriable: Bool? = nil,
        requiresAbort: Bool = false
    ) {
        self.code = code
        self.message = message ?? String(cString: rd_kafka_err2str(rd_kafka_resp_err_t(code)))
        self.isFatal = isFatal
        self.isRetriable = isRetriable ?? (!isFatal && Self.retriableCodes.contains(code))
        self.requiresAbort = requiresAbort
    }

    /// librdkafka's name of the code without its prefix: `MSG_SIZE_TOO_LARGE`, `_TRANSPORT`.
    package var name: String { String(cString: rd_kafka_err2name(rd_kafka_resp_err_t(code))) }

    package var description: String { "\(name): \(message)" }
}

extension KafkaError {
    init(_ code: rd_kafka_resp_err_t) {
        self.init(code: code.rawValue)
    }

    /// Takes over an error object of librdkafka and frees it.
    init(consuming error: OpaquePointer) {
        self.init(
            code: rd_kafka_error_code(error).rawValue,
            message: String(cString: rd_kafka_error_string(error)),
            isFatal: rd_kafka_error_is_fatal(error) != 0,
            isRetriable: rd_kafka_error_is_retriable(error) != 0,
            requiresAbort: rd_kafka_error_txn_requires_abort(error) != 0)
        rd_kafka_error_destroy(error)
    }

    static func check(_ code: rd_kafka_resp_err_t) throws(KafkaError) {
        if code != RD_KAFKA_RESP_ERR_NO_ERROR {
            throw KafkaError(code)
        }
    }

    /// For functions that return an error object, or NULL where they succeed.
    static func check(_ error: OpaquePointer?) throws(KafkaError) {
        if let error {
            throw KafkaError(consuming: error)
        }
    }

    static let closed = KafkaError(
        code: RD_KAFKA_RESP_ERR__DESTROY.rawValue, message: "the client is closed", isRetriable: false)
}

/// Codes that callers decide by.
extension KafkaError {
    package static let queueFull = RD_KAFKA_RESP_ERR__QUEUE_FULL.rawValue
    package static let messageTooLarge = RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE.rawValue
    package static let invalidMessage = RD_KAFKA_RESP_ERR_INVALID_MSG.rawValue
    package static let invalidRecord = RD_KAFKA_RESP_ERR_INVALID_RECORD.rawValue
    package static let recordListTooLarge = RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE.rawValue
    /// Also what librdkafka 2.0.2 ends a transaction with after one that was aborted because a record was refused: that
    /// record left a gap. The next abort mends it; the records at hand are not at fault.
    package static let outOfOrderSequence = RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER.rawValue
    package static let messageTimedOut = RD_KAFKA_RESP_ERR__MSG_TIMED_OUT.rawValue
    package static let unknownTopicOrPartition = RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART.rawValue
    /// As ``unknownTopicOrPartition``, found out by librdkafka from the cluster's metadata.
    package static let unknownTopic = RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC.rawValue
    package static let unknownPartition = RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION.rawValue
    package static let topicAlreadyExists = RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS.rawValue
    package static let topicAuthorizationFailed = RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED.rawValue
    package static let groupAuthorizationFailed = RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED.rawValue
    package static let clusterAuthorizationFailed = RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED.rawValue
    package static let saslAuthenticationFailed = RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED.rawValue
    package static let authentication = RD_KAFKA_RESP_ERR__AUTHENTICATION.rawValue
    package static let notEnoughReplicas = RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS.rawValue
    package static let timedOut = RD_KAFKA_RESP_ERR__TIMED_OUT.rawValue
    package static let transport = RD_KAFKA_RESP_ERR__TRANSPORT.rawValue
    package static let allBrokersDown = RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN.rawValue
    package static let autoOffsetReset = RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET.rawValue
    package static let offsetOutOfRange = RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE.rawValue
    package static let maxPollExceeded = RD_KAFKA_RESP_ERR__MAX_POLL_EXCEEDED.rawValue
    package static let assignmentLost = RD_KAFKA_RESP_ERR__ASSIGNMENT_LOST.rawValue
    package static let illegalGeneration = RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION.rawValue
    package static let unknownMember = RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID.rawValue
    package static let rebalanceInProgress = RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS.rawValue
    package static let fencedInstance = RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID.rawValue
    package static let unknownProducerID = RD_KAFKA_RESP_ERR_UNKNOWN_PRODUCER_ID.rawValue
    package static let fenced = RD_KAFKA_RESP_ERR__FENCED.rawValue
    package static let fatal = RD_KAFKA_RESP_ERR__FATAL.rawValue
    package static let purgedFromQueue = RD_KAFKA_RESP_ERR__PURGE_QUEUE.rawValue
    package static let purgedInFlight = RD_KAFKA_RESP_ERR__PURGE_INFLIGHT.rawValue
    package static let invalidArgument = RD_KAFKA_RESP_ERR__INVALID_ARG.rawValue
    package static let invalidState = RD_KAFKA_RESP_ERR__STATE.rawValue
    package static let clientClosed = RD_KAFKA_RESP_ERR__DESTROY.rawValue

    /// Codes that come without an error object to ask: Kafka's own table of retriable errors, and librdkafka's outages.
    private static let retriableCodes: Set<Int32> = [
        queueFull, unknownTopicOrPartition, unknownTopic, unknownPartition, notEnoughReplicas, timedOut, transport,
        allBrokersDown, rebalanceInProgress, messageTimedOut,
        RD_KAFKA_RESP_ERR_INVALID_MSG.rawValue,
        RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE.rawValue,
        RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION.rawValue,
        RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT.rawValue,
        RD_KAFKA_RESP_ERR_BROKER_NOT_AVAILABLE.rawValue,
        RD_KAFKA_RESP_ERR_REPLICA_NOT_AVAILABLE.rawValue,
        RD_KAFKA_RESP_ERR_NETWORK_EXCEPTION.rawValue,
        RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS.rawValue,
        RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE.rawValue,
        RD_KAFKA_RESP_ERR_NOT_COORDINATOR.rawValue,
        RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS_AFTER_APPEND.rawValue,
        RD_KAFKA_RESP_ERR_NOT_CONTROLLER.rawValue,
        RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR.rawValue,
        RD_KAFKA_RESP_ERR_CONCURRENT_TRANSACTIONS.rawValue,
        RD_KAFKA_RESP_ERR_UNSTABLE_OFFSET_COMMIT.rawValue,
        RD_KAFKA_RESP_ERR__WAIT_COORD.rawValue,
        RD_KAFKA_RESP_ERR__RETRY.rawValue,
        RD_KAFKA_RESP_ERR__RESOLVE.rawValue,
        RD_KAFKA_RESP_ERR__IN_PROGRESS.rawValue,
        RD_KAFKA_RESP_ERR__TIMED_OUT_QUEUE.rawValue,
    ]
}
