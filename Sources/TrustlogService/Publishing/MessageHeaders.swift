import KafkaClient
import OperationStore
import TrustlogCore

/// The headers of a message on the trustlog topic (contract, section 3): hints for routing, no evidence.
struct MessageHeaders: Sendable {
    /// Names that a header passed on never overrides.
    static let reserved: Set<String> = [
        "content-type", "_watermill_message_uuid", "ce_specversion", "ce_id", "ce_source", "ce_type", "ce_time",
    ]

    /// Those that are passed on from every consumed message, besides the ones that `output.forward-headers` names.
    static let alwaysForwarded = ["traceparent", "tracestate"]

    private let source: String

    init(source: String) {
        self.source = source
    }

    func append(for record: PublishableRecord, to headers: inout HeaderList) {
        append(for: record.stored.operation, forwarded: record.stored.headers, to: &headers)
    }

    /// - Parameter forwarded: the headers to pass on, as a JSON object.
    func append(for operation: Operation, forwarded: String?, to headers: inout HeaderList) {
        headers.append("content-type", Envelope.contentType.utf8)
        headers.append("_watermill_message_uuid", MessageUUID.string(for: operation.opId).utf8)
        headers.append("ce_specversion", "1.0".utf8)
        headers.append("ce_id", operation.opId.utf8)
        headers.append("ce_source", source.utf8)
        headers.append("ce_type", "trustlog.operation.v1".utf8)
        headers.append("ce_time", operation.timestamp.rfc3339.utf8)
        guard let forwarded else { return }
        // A hint that an application wrote badly is no reason to keep its evidence back.
        for (name, value) in (try? ForwardedHeaders.decode(forwarded)) ?? [] where !Self.reserved.contains(name) {
            headers.append(name, value)
        }
    }
}
