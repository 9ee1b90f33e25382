import CommandLineTool
import KafkaClient
import OperationStore
import TrustlogCore
import TrustlogService

extension StatusReport {
    /// The object of `status` and `/api/v1/status` (contract, section 11).
    var json: JSONValue {
        [
            "version": .string(version),
            "strategy": .string(strategy.rawValue),
            "running": .bool(isRunning),
            "persisted": .optional(counts?.total),
            "persistedByStatus": .object(
                OperationStatus.allCases.map { status in
                    JSONValue.Member(status.rawValue, .optional(counts.map { $0.byStatus[status] ?? 0 }))
                }),
            "unlogged": [
                "count": .optional(statistics?.unlogged),
                "oldestSeconds": statistics == nil ? .null : .number(oldestUnloggedSeconds),
            ],
            "consumer": .array(
                consumer.map { lag in
                    [
                        "topic": .string(lag.partition.topic), "partition": .integer(Int(lag.partition.partition)),
                        "lag": .integer(Int(lag.lag)),
                    ]
                }),
            "cursors": .array(cursors.map(\.json)),
            "retries": [
                "pending": .optional(statistics?.retriesPending), "due": .optional(statistics?.retriesDue),
            ],
            "deadLetters": [
                "count": .optional(statistics?.deadLetters),
                "reasons": .array(
                    (statistics?.deadLetterReasons ?? []).map { reason, count in
                        ["reason": .string(reason), "count": .integer(count)]
                    }),
            ],
            "circuitBreaker": ["state": .string(circuit.rawValue), "reason": .optional(circuitReason)],
            "waiting": .array(
                waiting.map { waiting in
                    [
                        "topic": .string(waiting.partition.topic),
                        "partition": .integer(Int(waiting.partition.partition)), "reason": .string(waiting.reason),
                    ]
                }),
            "lastError": lastError.map { ["message": .string($0.message), "time": .string($0.time.rfc3339)] } ?? .null,
            "summary": .string(summary(now: .now())),
        ]
    }
}

extension CursorReport {
    /// One element of `cursors list` (contract, section 11).
    var json: JSONValue {
        [
            "key": .string(row.key),
            "kind": .string(kind.rawValue),
            "sequence": sequence.map { .integer(Int($0)) } ?? .null,
            "time": .optional(row.positionTime?.rfc3339),
            "owner": .optional(row.owner),
            "leaseUntil": .optional(row.leaseUntil?.rfc3339),
            "updatedAt": .string(row.updatedAt.rfc3339),
            "lagSeconds": .optional(lagSeconds),
        ]
    }
}
