import KafkaClient
import Observability
import TrustlogCore

extension IngestSupervisor {
    /// One that publishes what it consumes, and needs no database (`trustlog-only`).
    /// - Throws: an error that names the property that librdkafka refuses.
    static func direct(
        _ configuration: ServiceConfiguration, encoder: EnvelopeEncoder, breaker: CircuitBreaker, state: ServiceState,
        metrics: TrustlogMetrics, clock: any ServiceClock, logger: Logger, heartbeat: @escaping @Sendable () -> Void
    ) throws(KafkaError) -> IngestSupervisor {
        let signer = ParallelSigner(encoder: encoder, laneCount: ProcessorCount.online, metrics: metrics)
        let production = DirectProduction(configuration)
        let watch = DeadLetterTopicWatch(
            topic: configuration.input.deadLetterTopic, configuration: configuration.producer, clock: clock,
            logger: logger)
        try TransactionSession.check(configuration.producer, logger: logger)
        let transactionalID = transactionalID(configuration)
        return IngestSupervisor(
            configuration: configuration, store: nil, state: state, metrics: metrics, clock: clock,
            logger: logger.labelled("ingest"), heartbeat: heartbeat
        ) { inbox, wakeConsumer in
            let session = TransactionSession(
                configuration: configuration.producer,
                topics: [configuration.output.topic, configuration.input.deadLetterTopic],
                transactionalID: transactionalID, clock: clock, logger: logger, heartbeat: heartbeat,
                onTrouble: {
                    if breaker.failed(reason: "a transaction waits: \($0)") {
                        metrics.publishFailures[.outage].increment()
                    }
                })
            return DirectWriter(
                session: session, signer: signer, production: production, deadLetterTopic: watch,
                inbox: inbox, wakeConsumer: wakeConsumer, breaker: breaker, state: state, metrics: metrics,
                clock: clock, logger: logger.labelled("transactions"), heartbeat: heartbeat)
        }
    }

    /// With `instance.id` the same after a restart, which then resolves at once what the process before left open; otherwise
    /// one of this process alone: it is the group that fences others.
    private static func transactionalID(_ configuration: ServiceConfiguration) -> String {
        let name = configuration.instanceID ?? String(UInt64.random(in: 0 ... .max), radix: 36)
        return "\(configuration.input.group).\(name)"
    }
}
