import CommandLineTool
import KafkaClient
import Observability
import OperationStore
import TrustlogCore
import TrustlogService

/// The whole pipeline in one process: an embedded broker, SQLite in a temporary folder, the service, a producer, an auditor.
struct DemoPipeline: Sendable {
    private let count: Int
    private let cluster: MockCluster
    private let configuration: ServiceConfiguration
    private let store: any OperationStore
    private let sidecar: Sidecar
    private let auditor: DemoVerifier
    private let logger: Logger
    private let clock = SystemServiceClock()
    let progress = DemoProgress()

    /// The embedded broker keeps about 5 MB a partition and then drops its oldest messages: what is under way has to stay
    /// far below that.
    private static let underWayLimit = 4_000
    private static let batchSize = 500
    private static let patience = Duration.seconds(60)

    init(count: Int, folder: String, logger: Logger) throws {
        self.count = count
        self.logger = logger
        cluster = try MockCluster(brokers: 1, logger: logger)
        let kafka = KafkaConfiguration(bootstrapServers: cluster.bootstrapServers)
        var configuration = ServiceConfiguration(consumer: kafka, producer: kafka)
        configuration.cursor.interval = .seconds(1)
        for topic in [configuration.input.topic, configuration.output.topic, configuration.input.deadLetterTopic] {
            try cluster.createTopic(topic, partitions: 4)
        }
        self.configuration = configuration
        store = try StoreFactory.open(
            url: "sqlite:\(folder)/trustlog.db", password: nil, options: StoreOptions(), logger: logger)
        let pair = try KeyPair.generate(.ed25519)
        sidecar = try Sidecar(
            configuration: configuration, store: store,
            signers: [try SigningKey.load(pem: Array(pair.privatePEM.utf8))], owner: "demo",
            metrics: TrustlogMetrics(version: Program.version), logger: logger, heartbeats: { _, _ in {} })
        auditor = try DemoVerifier(
            configuration: kafka, topic: configuration.output.topic,
            key: try PublicKey.load(pem: Array(pair.publicPEM.utf8)), progress: progress, logger: logger)
    }

    struct Result: Sendable {
        var produced: Int
        var persisted: Int
        var published: Int
        var verified: Int
        var invalid: Int
        var sample: String?
    }

    /// Runs until every operation was verified, or nothing has come any further for a minute.
    func run(_ bar: ProgressBar) async throws -> Result {
        let service = Task { await sidecar.run() }
        let auditing = Task { try await auditor.run() }
        try await produce(bar)
        await waitForVerified(count, bar)
        bar.finish()

        auditor.stop()
        sidecar.shutdown()
        await service.value
        try await auditing.value
        let statistics = try await store.statistics()
        let persisted = try await store.operationCounts().total
        await store.close()
        let counts = progress.counts
        return Result(
            produced: counts.produced, persisted: persisted,
            published: persisted - statistics.unlogged - statistics.deadLetters, verified: counts.verified,
            invalid: counts.invalid, sample: counts.sample)
    }

    private func produce(_ bar: ProgressBar) async throws {
        let producer = try KafkaProducer(configuration: configuration.producer, logger: logger)
        let topic = try producer.topic(configuration.input.topic)
        var operations = DemoOperations()
        for start in stride(from: 0, to: count, by: Self.batchSize) {
            guard await waitForVerified(start - Self.underWayLimit, bar) else { break }
            let batch = producer.batch(count: min(Self.batchSize, count - start))
            for index in 0..<batch.count {
                let operation = operations.next()
                let error = Array(operation.doid.utf8).withUnsafeBytes { key in
                    Array(operation.json.utf8).withUnsafeBytes { value in
                        producer.produce(
                            topic: topic, key: key, value: value, headers: HeaderList(), batch: batch, index: index)
                    }
                }
                if let error, error.code == KafkaError.queueFull { batch.fail(index) }
            }
            let delivered = await batch.results().count {
                if case .delivered = $0 { true } else { false }
            }
            progress.addProduced(delivered)
        }
        await producer.close(deadline: .seconds(5))
    }

    /// Returns whether so many are verified; false if nothing moves any more.
    @discardableResult
    private func waitForVerified(_ wanted: Int, _ bar: ProgressBar) async -> Bool {
        var last = progress.counts
        var movedAt = clock.now
        while true {
            let counts = progress.counts
            bar.update(completed: counts.verified)
            if counts.verified + counts.invalid >= wanted { return true }
            if counts.verified > last.verified {
                last = counts
                movedAt = clock.now
            } else if clock.now - movedAt > Self.patience {
                return false
            }
            await progress.verified.wait(timeout: .seconds(1), clock: clock)
        }
    }
}
