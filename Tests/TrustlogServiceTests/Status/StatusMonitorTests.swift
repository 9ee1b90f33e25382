import KafkaClient
import Observability
import OperationStore
import Synchronization
import Testing
import TrustlogCore
import TrustlogTestKit

@testable import TrustlogService

@Suite("Status monitor", .timeLimit(.minutes(5)))
struct StatusMonitorTests {
    private func monitor(
        _ fixture: SidecarFixture, clock: any ServiceClock = SystemServiceClock(),
        isUp: @escaping @Sendable (ServiceState.Component) -> Bool? = { _ in true },
        dependencies: @escaping @Sendable (ServiceState.Component, String?) -> Void = { _, _ in }
    ) -> StatusMonitor {
        StatusMonitor(
            sidecar: fixture.sidecar, store: fixture.store, configuration: fixture.configuration, version: "1.2",
            metrics: fixture.metrics, clock: clock, isUp: isUp, dependencies: dependencies)
    }

    @Test("the report tells rows, cursors, lag and what waits, and the metrics say the same")
    func report() async throws {
        let kafka = try PipelineCluster()
        let fixture = try await SidecarFixture(kafka.servers)
        await kafka.feeder.send((0..<20).map { sampleJSON("op-\($0)") })
        try await eventually { try await fixture.database.status(of: "op-19") == .trustlogged }
        let clock = ManualClock()
        let monitor = monitor(fixture, clock: clock)
        try await eventually("the lag is known") {
            clock.advance(by: .seconds(2))
            return await monitor.report().consumer.map(\.lag) == [0]
        }
        let report = await monitor.report()
        #expect(report.version == "1.2" && report.isRunning && report.strategy == .databaseAndTrustlog)
        #expect(
            report.counts?.total == 20 && report.counts?.byStatus[.trustlogged] == 20
                && report.statistics?.unlogged == 0)
        #expect(report.cursors.map(\.row.key) == ["publish-0"])
        #expect(report.cursors.first?.kind == .publish && report.cursors.first?.lagSeconds == 0)
        #expect(report.circuit == .closed && report.waiting.isEmpty && report.hungLoops.isEmpty)
        #expect(report.summary(now: .now()).contains("20 operations, in the database; none waits"))
        #expect(fixture.metrics.unloggedOperations.value == 0)
        #expect(fixture.metrics.componentUp[.ingest].value == 1)
        #expect(fixture.metrics.consumerLag(topic: "operations", partition: 0).value == 0)
        await fixture.stop()
    }

    @Test(
        "a database that is away is told with what was last known, and the dependencies hear of it",
        arguments: [ScriptedStore.Call.statistics, .waiting])
    func databaseAway(fails: ScriptedStore.Call) async throws {
        let kafka = try PipelineCluster()
        let fixture = try await SidecarFixture(kafka.servers)
        try await eventually { fixture.sidecar.isDatabasePrepared }
        let told = Mutex<String?>(nil)
        let clock = ManualClock()
        let monitor = monitor(fixture, clock: clock) {
            $0 == .ingest ? false : true
        } dependencies: { component, problem in
            if component == .database { told.withLock { $0 = problem } }
        }
        try await eventually("the publishing cursor is there") {
            clock.advance(by: .seconds(2))
            let report = await monitor.report()
            return report.databaseProblem == nil && report.cursors.map(\.row.key) == ["publish-0"]
        }
        fixture.store.fail(fails)
        clock.advance(by: .seconds(2))
        let report = await monitor.report()
        #expect(report.databaseProblem?.contains("away") == true && report.statistics != nil)
        #expect(told.withLock { $0 }?.contains("away") == true)
        #expect(report.hungLoops == ["ingest"])
        #expect(fixture.metrics.componentUp[.ingest].value == 0)
        await fixture.stop()
    }

    @Test("several that ask at once share one reading, and a fresh one serves for a second")
    func shares() async throws {
        let kafka = try PipelineCluster()
        let fixture = try await SidecarFixture(kafka.servers)
        try await eventually { fixture.sidecar.isDatabasePrepared }
        let monitor = monitor(fixture, clock: ManualClock())
        let gate = fixture.store.hold(.statistics)
        let askers = (0..<10).map { _ in Task { await monitor.report() } }
        try await eventually { gate.arrivals == 1 }
        gate.open()
        for asker in askers { _ = await asker.value }
        _ = await monitor.report()
        #expect(fixture.store.count(.statistics) == 1)
        await fixture.stop()
    }

    @Test("before the schema is there it tells what keeps it away")
    func unprepared() async throws {
        let database = try await TestDatabase()
        database.store.fail(.migrate)
        let fixture = try SidecarFixture("127.0.0.1:1", database: database)
        try await eventually { fixture.sidecar.state.problem(of: .database) != nil }
        let monitor = monitor(fixture)
        #expect(await monitor.report().databaseProblem?.contains("away") == true)
        #expect(fixture.store.count(.statistics) == 0)
        await fixture.stop()
    }

    @Test("a database that was not asked yet is not told as reachable")
    func unasked() async throws {
        let database = try await TestDatabase()
        let gate = database.store.hold(.migrate)
        let fixture = try SidecarFixture("127.0.0.1:1", database: database)
        let told = Mutex(0)
        let monitor = monitor(fixture) { _ in
            true
        } dependencies: { component, _ in
            if component == .database { told.withLock { $0 += 1 } }
        }
        let report = await monitor.report()
        #expect(report.databaseProblem == nil && told.withLock { $0 } == 0)
        #expect(report.summary(now: .now()) == "The database was not asked yet.")
        database.store.fail(.migrate)
        gate.open()
        await fixture.stop()
    }

    @Test(
        "while the database is away the broker is known all the same, and the loops live",
        arguments: [ServiceConfiguration.Strategy.databaseAndTrustlog, .databaseOnly])
    func brokerWithoutDatabase(strategy: ServiceConfiguration.Strategy) async throws {
        let kafka = try PipelineCluster()
        let database = try await TestDatabase()
        database.store.fail(.migrate)
        let loops = Mutex<Set<String>>([])
        let fixture = try SidecarFixture(
            kafka.servers, database: database, { $0.strategy = strategy },
            heartbeats: { loop, _ in { loops.withLock { _ = $0.insert(loop) } } })
        let told = Mutex<[ServiceState.Component: String?]>([:])
        let clock = ManualClock()
        let monitor = monitor(fixture, clock: clock) { _ in
            true
        } dependencies: { component, problem in
            told.withLock { $0[component] = .some(problem) }
        }
        let running = Task { await monitor.run() }
        // No second has passed for it: it is told when there is news.
        try await eventually("the broker is known") {
            told.withLock { $0[.broker] == .some(nil) }
        }
        let publishing: Set<String> = strategy == .databaseOnly ? [] : ["cursor-worker", "retry-worker"]
        #expect(loops.withLock { $0 } == publishing.union(["ingest"]))
        #expect(await monitor.report().databaseProblem?.contains("away") == true)
        database.store.heal(.migrate)
        try await eventually("it reads once when the workers start") {
            database.store.count(.statistics) > 0
        }
        try kafka.cluster.setBrokerDown(1)
        try await eventually("from then on the workers tell of the broker") {
            fixture.sidecar.brokerProblem != nil
        }
        await monitor.stop()
        await running.value
        await fixture.stop()
    }

    @Test("each publishing cursor has its lag from the start")
    func cursorSeries() async throws {
        let database = try await TestDatabase()
        database.store.fail(.migrate)
        let fixture = try SidecarFixture("127.0.0.1:1", database: database) { $0.cursor.count = 3 }
        _ = monitor(fixture)
        let text = fixture.metrics.registry.prometheusText()
        for index in 0..<3 { #expect(text.contains(#"trustlog_cursor_lag_seconds{cursor="publish-\#(index)"} 0"#)) }
        await fixture.stop()
    }

    @Test(
        "a component that the strategy has no use for is up in the metrics, and status does not speak of it",
        arguments: [
            (.databaseAndTrustlog, []),
            (.databaseOnly, [.cursorWorker, .retryWorker]), (.trustlogOnly, [.cursorWorker, .retryWorker, .database]),
        ] as [(ServiceConfiguration.Strategy, Set<TrustlogMetrics.Component>)])
    func unused(strategy: ServiceConfiguration.Strategy, unused: Set<TrustlogMetrics.Component>) async throws {
        let database = try await TestDatabase()
        database.store.fail(.migrate)
        let fixture = try SidecarFixture("127.0.0.1:1", database: database) { $0.strategy = strategy }
        // No loop has given a heartbeat yet.
        let monitor = monitor(fixture, isUp: { _ in nil })
        let report = await monitor.report()
        #expect(report.hungLoops.isEmpty)
        for component in TrustlogMetrics.Component.allCases {
            #expect(
                fixture.metrics.componentUp[component].value == (unused.contains(component) ? 1 : 0), "\(component)")
        }
        await fixture.stop()
    }

    @Test("it reads on a timer until it is stopped")
    func runs() async throws {
        let kafka = try PipelineCluster()
        let fixture = try await SidecarFixture(kafka.servers)
        try await eventually { fixture.sidecar.isDatabasePrepared }
        let clock = ManualClock()
        let monitor = monitor(fixture, clock: clock)
        let running = Task { await monitor.run() }
        // Until it is known that the broker answers it looks again each second.
        try await eventually {
            clock.advance(by: .seconds(1))
            return fixture.sidecar.isBrokerKnown
        }
        try await eventually("then it looks each five seconds") {
            if clock.deadlines.contains(clock.now + .seconds(5)) { return true }
            clock.advance(by: .seconds(1))
            return false
        }
        let count = fixture.store.count(.statistics)
        clock.advance(by: .seconds(5))
        try await eventually { fixture.store.count(.statistics) == count + 1 }
        await monitor.stop()
        await running.value
        await fixture.stop()
    }
}
