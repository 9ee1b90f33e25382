import CommandLineTool
import OperationStore
import TrustlogCore

extension RetryRow {
    /// One element of `retries list` (contract, section 11).
    var json: JSONValue {
        [
            "opId": .string(opId),
            "status": .string(status.rawValue),
            "retryCount": .integer(retryCount),
            "nextRetryAt": .optional(nextRetryAt?.rfc3339),
            "lastError": .optional(lastError),
            "firstFailedAt": .string(firstFailedAt.rfc3339),
            "updatedAt": .string(updatedAt.rfc3339),
        ]
    }
}

extension OperationDetail {
    /// The record of section 2; null where the row cannot be read.
    var record: JSONValue {
        guard case .success(let stored) = row.content else { return .null }
        let text = String(decoding: Record.encode(stored.operation, source: stored.source), as: UTF8.self)
        return (try? JSONValue(json: text)) ?? .null
    }

    /// One operation with all that is known of its way, as `/api/v1/operations/{opId}` tells it.
    var json: JSONValue {
        [
            "opId": .optional(row.opId),
            "sequence": .integer(Int(row.seq)),
            "recordedAt": .optional(row.recordedAt?.rfc3339),
            "status": .string(status.rawValue),
            "trustloggedAt": .optional(trustloggedAt?.rfc3339),
            "partition": .optional(partition.map(Int.init)),
            "offset": .optional(offset.map(Int.init)),
            "retry": retry?.json ?? .null,
            "operation": record,
        ]
    }
}
