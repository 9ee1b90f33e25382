import CRdKafka
import Glibc

/// A message in librdkafka's own memory, valid only inside the closure that receives it.
package struct ConsumedMessage: ~Copyable {
    package let topic: String
    private let message: UnsafeMutablePointer<rd_kafka_message_t>

    init(_ message: UnsafeMutablePointer<rd_kafka_message_t>, topic: String) {
        self.message = message
        self.topic = topic
    }

    package var partition: Int32 { message.pointee.partition }
    package var offset: Int64 { message.pointee.offset }

    /// `nil` where the topic's messages carry no time.
    package var timestampMilliseconds: Int64? {
        let timestamp = rd_kafka_message_timestamp(message, nil)
        return timestamp < 0 ? nil : timestamp
    }

    /// `nil`: the message has no key, which is not the same as an empty one.
    package var key: UnsafeRawBufferPointer? {
        message.pointee.key.map { UnsafeRawBufferPointer(start: $0, count: message.pointee.key_len) }
    }

    /// `nil`: a tombstone.
    package var value: UnsafeRawBufferPointer? {
        message.pointee.payload.map { UnsafeRawBufferPointer(start: $0, count: message.pointee.len) }
    }

    /// Calls `body` for each header in the message's order; names may repeat, and a value may be absent.
    package func forEachHeader(
        _ body: (_ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer?) -> Void
    ) {
        guard let headers else { return }
        var index = 0
        var name: UnsafePointer<CChar>?
        var value: UnsafeRawPointer?
        var size = 0
        while rd_kafka_header_get_all(headers, index, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR {
            index += 1
            guard let name else { continue }
            body(
                UnsafeRawBufferPointer(start: name, count: strlen(name)),
                value.map { UnsafeRawBufferPointer(start: $0, count: size) })
        }
    }

    /// The last of the headers with this name: `.none` without one, `.some(nil)` where it has no value.
    package func lastHeader(named name: StaticString) -> UnsafeRawBufferPointer?? {
        name.withUTF8Buffer { name in
            lastHeader(named: UnsafeRawPointer(name.baseAddress)?.assumingMemoryBound(to: CChar.self))
        }
    }

    package func lastHeader(named name: String) -> UnsafeRawBufferPointer?? {
        name.withCString { lastHeader(named: $0) }
    }

    private func lastHeader(named name: UnsafePointer<CChar>?) -> UnsafeRawBufferPointer?? {
        guard let headers, let name else { return .none }
        var value: UnsafeRawPointer?
        var size = 0
        guard rd_kafka_header_get_last(headers, name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR else {
            return .none
        }
        return .some(value.map { UnsafeRawBufferPointer(start: $0, count: size) })
    }

    /// Parsed by librdkafka at the first use; headers that cannot be parsed count as none.
    private var headers: OpaquePointer? {
        var headers: OpaquePointer?
        guard rd_kafka_message_headers(message, &headers) == RD_KAFKA_RESP_ERR_NO_ERROR else { return nil }
        return headers
    }
}
