/// The columns of `operation` that make a ``StoredRow``, in the order in which every query asks for them.
enum OperationColumn: Int, CaseIterable {
    case seq, opId, timestamp, opSource, opType, doPrefix, doRepository, doid, producerId, opActor
    case requestBodyHash, responseBodyHash, clientIp, serverIp, extra
    case sourceTopic, sourcePartition, sourceOffset, sourceDigest, headers, recordedAt

    var name: String {
        switch self {
        case .seq: "seq"
        case .opId: "op_id"
        case .timestamp: "op_timestamp"
        case .opSource: "op_source"
        case .opType: "op_type"
        case .doPrefix: "do_prefix"
        case .doRepository: "do_repository"
        case .doid: "doid"
        case .producerId: "producer_id"
        case .opActor: "op_actor"
        case .requestBodyHash: "request_body_hash"
        case .responseBodyHash: "response_body_hash"
        case .clientIp: "client_ip"
        case .serverIp: "server_ip"
        case .extra: "extra"
        case .sourceTopic: "source_topic"
        case .sourcePartition: "source_partition"
        case .sourceOffset: "source_offset"
        case .sourceDigest: "source_digest"
        case .headers: "headers"
        case .recordedAt: "recorded_at"
        }
    }

    /// What stands behind `SELECT`, each column after `prefix` (a table's alias and a point).
    static func list(prefix: String = "") -> String {
        allCases.map { prefix + $0.name }.joined(separator: ", ")
    }
}
