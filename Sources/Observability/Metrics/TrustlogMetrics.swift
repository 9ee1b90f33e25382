/// The metrics of Trustlog, as the contract names them (section 9). Every series of a fixed set of labels is there with 0
/// from the start.
package struct TrustlogMetrics: Sendable {
    /// Codes of dead letters (contract, section 1).
    package enum DeadLetterCode: String, Sendable, CaseIterable {
        case tooLarge = "too-large"
        case malformed, invalid, conflict, unpersistable, unpublishable
    }

    /// On which way a record was published.
    package enum Path: String, Sendable, CaseIterable {
        case cursor, retry, replay, direct
    }

    package enum FailureReason: String, Sendable, CaseIterable {
        case tooLarge = "too-large"
        case refused, unreadable, outage
    }

    package enum Stage: String, Sendable, CaseIterable {
        case decode, persist, sign, produce, record
    }

    package enum Component: String, Sendable, CaseIterable {
        case broker, database, ingest
        case cursorWorker = "cursor-worker"
        case retryWorker = "retry-worker"
    }

    package let registry: MetricRegistry

    package let operationsConsumed: Counter
    package let operationsPersisted: Counter
    package let operationsDuplicate: Counter
    package let deadLettered: LabelledMetrics<DeadLetterCode, Counter>
    package let recordsPublished: LabelledMetrics<Path, Counter>
    package let publishFailures: LabelledMetrics<FailureReason, Counter>
    /// 1 while the circuit breaker is open.
    package let circuitOpen: Gauge
    package let unloggedOperations: Gauge
    package let oldestUnloggedSeconds: Gauge
    package let retryQueueLength: Gauge
    package let deadLetters: Gauge
    package let rebalances: Counter
    package let offsetResets: Counter
    package let stageSeconds: LabelledMetrics<Stage, Histogram>
    /// From the operation's arrival to the acknowledgement of its envelope.
    package let endToEndSeconds: Histogram
    /// 0 when unreachable or its heartbeat is late; 1 for what the strategy has no use for.
    package let componentUp: LabelledMetrics<Component, Gauge>

    /// - Parameter version: The program's, for `trustlog_build_info`.
    package init(registry: MetricRegistry = MetricRegistry(), version: String) {
        self.registry = registry
        operationsConsumed = registry.counter(
            "trustlog_operations_consumed_total", help: "Messages consumed from the input topic.")
        operationsPersisted = registry.counter(
            "trustlog_operations_persisted_total", help: "Operations inserted into the table.")
        operationsDuplicate = registry.counter(
            "trustlog_operations_duplicate_total", help: "Operations dropped because the same one is there already.")
        deadLettered = LabelledMetrics { code in
            registry.counter(
                "trustlog_operations_dead_lettered_total",
                help: "Messages sent to the dead-letter topic, by error code.",
                labels: [("code", code.rawValue)])
        }
        recordsPublished = LabelledMetrics { path in
            registry.counter(
                "trustlog_records_published_total", help: "Records acknowledged by the broker, by the way they took.",
                labels: [("path", path.rawValue)])
        }
        publishFailures = LabelledMetrics { reason in
            registry.counter(
                "trustlog_publish_failures_total", help: "Attempts to publish that failed, by reason.",
                labels: [("reason", reason.rawValue)])
        }
        circuitOpen = registry.gauge(
            "trustlog_circuit_open", help: "1 while publishing waits for an outage to end, else 0.")
        unloggedOperations = registry.gauge(
            "trustlog_unlogged_operations", help: "Operations not yet published, dead letters aside.")
        oldestUnloggedSeconds = registry.gauge(
            "trustlog_oldest_unlogged_seconds",
            help: "Age of the oldest operation not yet published, dead letters aside.")
        retryQueueLength = registry.gauge(
            "trustlog_retry_queue_length", help: "Operations that wait for a retry.")
        deadLetters = registry.gauge(
            "trustlog_dead_letters", help: "Operations whose retries are used up.")
        rebalances = registry.counter(
            "trustlog_rebalances_total", help: "Rebalances of the consumer group seen by this member.")
        offsetResets = registry.counter(
            "trustlog_offset_resets_total", help: "Times a partition no longer had the offset to go on at.")
        stageSeconds = LabelledMetrics { stage in
            registry.histogram(
                "trustlog_stage_seconds", help: "Time that one stage took for a batch.",
                labels: [("stage", stage.rawValue)], buckets: stageBuckets)
        }
        endToEndSeconds = registry.histogram(
            "trustlog_end_to_end_seconds", help: "Time from an operation's arrival to its published record.",
            buckets: endToEndBuckets)
        componentUp = LabelledMetrics { component in
            registry.gauge(
                "trustlog_component_up", help: "0 if the component is unreachable or its heartbeat late, else 1.",
                labels: [("component", component.rawValue)])
        }
        registry.gauge(
            "trustlog_build_info", help: "Always 1; the label tells the version.", labels: [("version", version)]
        ).record(1.0)
    }

    /// Seconds that a cursor is behind; the series appears with the first call.
    package func cursorLag(_ cursor: String) -> Gauge {
        registry.gauge(
            "trustlog_cursor_lag_seconds", help: "Age of the oldest row that waits behind a publishing cursor.",
            labels: [("cursor", cursor)])
    }

    package func removeCursorLag(_ cursor: String) {
        registry.remove("trustlog_cursor_lag_seconds", labels: [("cursor", cursor)])
    }

    /// Messages that a partition holds beyond what may be committed; the series appears with the first call.
    package func consumerLag(topic: String, partition: Int32) -> Gauge {
        registry.gauge(
            "trustlog_consumer_lag", help: "Messages of the input topic not yet settled, by partition.",
            labels: [("topic", topic), ("partition", String(partition))])
    }

    /// A partition that was revoked is another member's to measure.
    package func removeConsumerLag(topic: String, partition: Int32) {
        registry.remove("trustlog_consumer_lag", labels: [("topic", topic), ("partition", String(partition))])
    }
}

/// One instrument for each value of a fixed label, all registered at once.
package struct LabelledMetrics<Label: Hashable & CaseIterable & Sendable, Instrument: Sendable>: Sendable {
    private let instruments: [Label: Instrument]
    private let make: @Sendable (Label) -> Instrument

    init(_ make: @escaping @Sendable (Label) -> Instrument) {
        self.make = make
        self.instruments = Dictionary(uniqueKeysWithValues: Label.allCases.map { ($0, make($0)) })
    }

    package subscript(label: Label) -> Instrument {
        instruments[label] ?? make(label)
    }
}

private let stageBuckets = [
    0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
]

private let endToEndBuckets = [
    0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3_600,
]
