import KafkaClient
import Observability
import OperationStore
import Synchronization
import Testing
import TrustlogCore
import TrustlogTestKit

@testable import TrustlogService

@Suite("Status monitor", .timeLimit(.minutes(2)))
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
        #expect(report.persisted == 20 && report.statistics?.unlogged == 0)
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

    @Test("it reads on a timer until it is stopped")
    func runs() async throws {
        let kafka = try PipelineCluster()
        let fixture = try await SidecarFixture(kafka.servers)
        try await eventually { fixture.sidecar.isDatabasePrepared }
        let clock = ManualClock()
        let monitor = monitor(fixture, clock: clock)
        let running = Task { await monitor.run() }
        try await eventually { clock.deadlines == [.seconds(5)] }
        clock.advance(by: .seconds(5))
        try await eventually { fixture.store.count(.statistics) == 2 }
        await monitor.stop()
        await running.value
        await fixture.stop()
    }
}
