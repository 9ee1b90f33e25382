import KafkaClient
package import Observability
package import OperationStore
import TrustlogCore

/// Watches the running process: reads what the database knows on a timer, never for a scrape, and keeps metrics and status
/// up to date.
package actor StatusMonitor {
    private let sidecar: Sidecar
    private let store: (any OperationStore)?
    private let configuration: ServiceConfiguration
    private let version: String
    private let metrics: TrustlogMetrics
    private let clock: any ServiceClock
    private let isUp: @Sendable (ServiceState.Component) -> Bool?
    private let dependencies: @Sendable (ServiceState.Component, _ problem: String?) -> Void
    private let wakeup = Wakeup()

    private var statistics: StoreStatistics?
    private var cursors: [CursorReport] = []
    private var counts: OperationCounts?
    private var databaseProblem: String?
    private var readAt: Duration?
    private var countAgainAt = Duration.zero
    private var reading: Task<Void, Never>?
    private var isStopping = false
    /// The partitions whose lag the metrics show.
    private var measured: Set<TopicPartition> = []

    private static let interval = Duration.seconds(5)
    /// Until it is known whether a broker answers.
    private static let intervalAtStart = Duration.seconds(1)

    /// - Parameters:
    ///   - store: `nil` under `trustlog-only`.
    ///   - isUp: whether a loop's heartbeat is in time; `nil` if there is no such loop.
    ///   - dependencies: is told whether broker and database can be reached.
    package init(
        sidecar: Sidecar, store: (any OperationStore)?, configuration: ServiceConfiguration, version: String,
        metrics: TrustlogMetrics, clock: any ServiceClock = SystemServiceClock(),
        isUp: @escaping @Sendable (ServiceState.Component) -> Bool?,
        dependencies: @escaping @Sendable (ServiceState.Component, _ problem: String?) -> Void
    ) {
        self.sidecar = sidecar
        self.store = store
        self.configuration = configuration
        self.version = version
        self.metrics = metrics
        self.clock = clock
        self.isUp = isUp
        self.dependencies = dependencies
        for key in Self.publishingCursors(configuration) { metrics.cursorLag(key).record(0.0) }
        for component in Self.unused(configuration.strategy) { metrics.componentUp[component].record(1.0) }
    }

    /// What a strategy does without is no trouble: 0 is for what is unreachable or does not move.
    private static func unused(_ strategy: ServiceConfiguration.Strategy) -> [TrustlogMetrics.Component] {
        switch strategy {
        case .databaseAndTrustlog: []
        case .databaseOnly: [.cursorWorker, .retryWorker]
        case .trustlogOnly: [.cursorWorker, .retryWorker, .database]
        }
    }

    private static func publishingCursors(_ configuration: ServiceConfiguration) -> [String] {
        guard configuration.strategy == .databaseAndTrustlog else { return [] }
        return (0..<configuration.cursor.count).map { CursorKey.publishing($0) }
    }

    package func run() async {
        sidecar.onNews { [wakeup] in wakeup.notify() }
        while !isStopping {
            await refresh()
            let interval = sidecar.isBrokerKnown ? Self.interval : Self.intervalAtStart
            await wakeup.wait(timeout: interval, clock: clock)
        }
    }

    package func stop() {
        isStopping = true
        wakeup.notify()
    }

    /// The report, from the database as it was at most a second ago, if it answers.
    package func report() async -> StatusReport {
        if readAt.map({ clock.now - $0 > .seconds(1) }) ?? true { await refresh() }
        return current()
    }

    // MARK: Reading

    /// Several that ask at once share one reading.
    private func refresh() async {
        if let reading { return await reading.value }
        let task = Task { await self.read() }
        reading = task
        await task.value
        reading = nil
    }

    private func read() async {
        guard let store else {
            readAt = clock.now
            return updateMetrics()
        }
        // Until the schema is there, what the database says is the business of those who prepare it.
        guard sidecar.isDatabasePrepared else {
            databaseProblem = sidecar.state.problem(of: .database)
            return updateMetrics()
        }
        do throws(StoreError) {
            let statistics = try await store.statistics()
            self.statistics = statistics
            cursors = try await CursorReport.all(of: store, cursorCount: configuration.cursor.count, statistics)
            try await countWhenCheap(store)
            databaseProblem = nil
        } catch {
            databaseProblem = error.description
            sidecar.state.recordError(error.description)
        }
        readAt = clock.now
        updateMetrics()
    }

    /// Counting passes over indexes: it never takes more than a fiftieth of the time.
    private func countWhenCheap(_ store: any OperationStore) async throws(StoreError) {
        let begin = clock.now
        guard begin >= countAgainAt else { return }
        counts = try await store.operationCounts()
        countAgainAt = clock.now + (clock.now - begin) * 50
    }

    private func updateMetrics() {
        let report = current()
        if let statistics {
            metrics.unloggedOperations.record(Double(statistics.unlogged))
            metrics.oldestUnloggedSeconds.record(report.oldestUnloggedSeconds)
            metrics.retryQueueLength.record(Double(statistics.retriesPending))
            metrics.deadLetters.record(Double(statistics.deadLetters))
        }
        for cursor in cursors where cursor.kind == .publish {
            metrics.cursorLag(cursor.row.key).record(cursor.lagSeconds ?? 0)
        }
        for lag in report.consumer {
            metrics.consumerLag(topic: lag.partition.topic, partition: lag.partition.partition).record(Double(lag.lag))
        }
        for partition in measured.subtracting(report.consumer.map(\.partition)) {
            metrics.removeConsumerLag(topic: partition.topic, partition: partition.partition)
        }
        measured = Set(report.consumer.map(\.partition))
        if readAt != nil || report.databaseProblem != nil, store != nil {
            dependencies(.database, report.databaseProblem)
        }
        if sidecar.isBrokerKnown { dependencies(.broker, report.brokerProblem) }
        for component in ServiceState.Component.allCases {
            guard let label = TrustlogMetrics.Component(rawValue: component.rawValue), let isUp = isUp(component) else {
                continue
            }
            metrics.componentUp[label].record(isUp ? 1 : 0)
        }
    }

    private func current() -> StatusReport {
        var report = StatusReport(
            version: version, strategy: configuration.strategy, isRunning: true,
            publishingCursorCount: configuration.strategy == .databaseAndTrustlog ? configuration.cursor.count : 0)
        report.counts = counts
        report.statistics = statistics
        report.cursors = cursors
        report.consumer = sidecar.lag.map { .init(partition: $0.0, lag: $0.1) }
            .sorted { ($0.partition.topic, $0.partition.partition) < ($1.partition.topic, $1.partition.partition) }
        report.unmeasuredPartitions = max(0, sidecar.assignedPartitionCount - report.consumer.count)
        (report.circuit, report.circuitReason) = sidecar.breaker
        report.waiting = sidecar.state.waiting.map { .init(partition: $0.partition, reason: $0.reason) }
        report.lastError = sidecar.state.lastError
        report.brokerProblem = sidecar.brokerProblem
        report.databaseProblem = databaseProblem
        report.hungLoops = ServiceState.Component.allCases.filter {
            $0 != .broker && $0 != .database && isUp($0) == false
        }.map(\.rawValue)
        return report
    }
}
