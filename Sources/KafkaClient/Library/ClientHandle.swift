import CRdKafka
import Dispatch
import Observability

/// A librdkafka instance (`rd_kafka_t`).
// @unchecked: librdkafka's instances may be used from any thread; who owns one takes care that it outlives its users.
struct ClientHandle: @unchecked Sendable {
    let pointer: OpaquePointer

    /// Creates an instance whose callbacks find `context`. librdkafka keeps the context alive until ``destroy(flags:)``.
    init(
        type: rd_kafka_type_t, configuration: consuming ConfigurationHandle, context: ClientContext
    ) throws(KafkaError) {
        var configuration = configuration
        let retained = Unmanaged.passRetained(context)
        rd_kafka_conf_set_opaque(configuration.pointer, retained.toOpaque())
        rd_kafka_conf_set_log_cb(configuration.pointer) { handle, level, facility, text in
            ClientContext.of(handle)?.log.receive(level: level, facility: facility, text: text)
        }
        var reason = [CChar](repeating: 0, count: 512)
        guard let pointer = rd_kafka_new(type, configuration.pointer, &reason, reason.count) else {
            retained.release()
            let message = String(cBuffer: reason)
            let isSafe = !configuration.secrets.contains { message.contains($0) }
            throw KafkaError(
                code: KafkaError.invalidArgument,
                message: isSafe ? message : "librdkafka refuses the value of a secret property")
        }
        configuration.handOver()
        self.pointer = pointer
    }

    /// Ends the instance and lets go of its context. Blocks until librdkafka's threads have ended.
    /// - Parameter inBackground: a thread of its own waits for them.
    func destroy(flags: Int32, inBackground: Bool) {
        guard inBackground else { return destroy(flags: flags) }
        DispatchQueue(label: "trustlog.kafka-destroy").async { destroy(flags: flags) }
    }

    /// Ends the instance and lets go of its context. Blocks until librdkafka's threads have ended.
    func destroy(flags: Int32 = 0) {
        let context = rd_kafka_opaque(pointer)
        rd_kafka_destroy_flags(pointer, flags)
        if let context {
            Unmanaged<ClientContext>.fromOpaque(context).release()
        }
    }

    /// The error that ended this instance for good, if there is one.
    var fatalError: KafkaError? {
        var reason = [CChar](repeating: 0, count: 512)
        let code = rd_kafka_fatal_error(pointer, &reason, reason.count)
        guard code != RD_KAFKA_RESP_ERR_NO_ERROR else { return nil }
        return KafkaError(code: code.rawValue, message: String(cBuffer: reason), isFatal: true)
    }
}

/// A queue of librdkafka (`rd_kafka_queue_t`).
// @unchecked: librdkafka's queues may be used from any thread; who owns one takes care that it outlives its users.
struct QueueHandle: @unchecked Sendable {
    let pointer: OpaquePointer

    /// Makes a poll of this queue return at once; where none is under way, the next one.
    func wake() {
        rd_kafka_queue_yield(pointer)
    }
}

/// What the C callbacks of an instance reach through its opaque pointer.
// @unchecked: a subclass's variables are set before the first callback can run.
class ClientContext: @unchecked Sendable {
    let log: LibraryLog
    let health: BrokerHealth

    init(log: LibraryLog, health: BrokerHealth) {
        self.log = log
        self.health = health
    }

    static func of(_ handle: OpaquePointer?) -> ClientContext? {
        guard let handle, let opaque = rd_kafka_opaque(handle) else { return nil }
        return Unmanaged<ClientContext>.fromOpaque(opaque).takeUnretainedValue()
    }
}
