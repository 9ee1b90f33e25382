import KafkaClient
import Observability
import OperationStore
import Synchronization
import Testing
import TrustlogCore
import TrustlogTestKit

@testable import TrustlogService

@Suite("Sidecar", .timeLimit(.minutes(5)))
struct SidecarTests {
    @Test("operations go the whole way: topic, table, signed record, status, commit")
    func wholeWay() async throws {
        let kafka = try PipelineCluster(partitions: 2)
        let sidecar = try await SidecarFixture(kafka.servers)
        for partition: Int32 in 0..<2 {
            await kafka.feeder.send(
                (0..<100).map { sampleJSON("op-\(partition)-\($0)", doid: "86.1000/\($0 % 5)") }, partition: partition)
        }
        await kafka.feeder.send([Array("poison".utf8)])
        try await eventually {
            try await sidecar.store.holdsPublished(200)
        }
        try await sidecar.database.insert([sampleOperation("application")])
        sidecar.store.announceFromOutside()
        try await eventually("what is announced is published at once") {
            try await sidecar.database.status(of: "application") == .trustlogged
        }
        await sidecar.stop()

        let verifier = EnvelopeVerifier(keys: [sidecar.publicKey])
        let published = try await read("trustlog", of: kafka.servers) { $0.count == 201 }
        let verified = try published.map { try verifier.verify($0.value ?? []) }
        #expect(Set(verified.map(\.operation.opId)).count == 201)
        #expect(verified.filter { $0.source == nil }.map(\.operation.opId) == ["application"])
        #expect(try await read("operations.dead-letter", of: kafka.servers) { !$0.isEmpty }.count == 1)
        #expect(try await kafka.committed(0)?.offset == 101)
        #expect(try await kafka.committed(1)?.offset == 100)
        #expect(sidecar.sidecar.isDatabasePrepared)
        #expect(sidecar.metrics.recordsPublished[.cursor].value == 201)
    }

    @Test("db-only persists as NOT_REQUIRED, needs no key, and publishes nothing")
    func databaseOnly() async throws {
        let kafka = try PipelineCluster()
        let sidecar = try await SidecarFixture(kafka.servers, signed: false) { $0.strategy = .databaseOnly }
        await kafka.feeder.send([sampleJSON("a")])
        try await eventually { try await sidecar.database.status(of: "a") == .notRequired }
        #expect(sidecar.sidecar.breaker.phase == .closed)
        await sidecar.stop()
        #expect(sidecar.store.count(.acquireLease) == 0)
        #expect(try await kafka.committed()?.offset == 1)
    }

    @Test("a database that is away at the start is waited for")
    func databaseAwayAtStart() async throws {
        let kafka = try PipelineCluster()
        let database = try await TestDatabase()
        database.store.fail(.migrate, times: 2)
        database.store.fail(.schemaState, times: 1)
        let sidecar = try SidecarFixture(kafka.servers, database: database)
        try await eventually { sidecar.sidecar.isDatabasePrepared }
        await kafka.feeder.send([sampleJSON("a")])
        try await eventually { try await sidecar.database.status(of: "a") == .trustlogged }
        await sidecar.stop()
        #expect(sidecar.logs.contains("the database is not ready"))
    }

    @Test("a stop ends the waiting for a database that never comes")
    func stopBeforeStart() async throws {
        let database = try await TestDatabase()
        database.store.fail(.migrate)
        let sidecar = try SidecarFixture("127.0.0.1:1", database: database)
        try await eventually { sidecar.sidecar.state.problem(of: .database) != nil }
        await sidecar.stop()
        #expect(!sidecar.sidecar.isDatabasePrepared)
    }

    @Test("a database without a schema says what to do, where it must not be made")
    func noSchema() async throws {
        let database = try await TestDatabase(hasSchema: false)
        let sidecar = try SidecarFixture("127.0.0.1:1", database: database) { $0.migratesDatabase = false }
        try await eventually {
            sidecar.sidecar.state.problem(of: .database)?.contains("trustlog migrate") == true
        }
        await sidecar.stop()
    }

    @Test("a stop ends everything while no broker answers, and nothing is failed by it")
    func stopWithoutBroker() async throws {
        let kafka = try PipelineCluster()
        let sidecar = try await SidecarFixture(kafka.servers) { $0.shutdownTimeout = .seconds(2) }
        await kafka.feeder.send([sampleJSON("a")])
        try await eventually { try await sidecar.database.status(of: "a") == .trustlogged }
        try kafka.cluster.setBrokerDown(1)
        try await sidecar.database.insert([sampleOperation("b")])
        sidecar.store.announceFromOutside()
        try await eventually("b is on its way") { sidecar.store.scans.count > 2 }
        try await eventually { sidecar.sidecar.brokerProblem?.contains("no broker answers") == true }
        await sidecar.stop()
        #expect(try await sidecar.database.status(of: "b") == .notTrustlogged)
        #expect(sidecar.store.failed.isEmpty)
        #expect(try await sidecar.store.cursors().first?.owner == nil)
    }

    @Test("a stop ends everything while the database is away")
    func stopWithoutDatabase() async throws {
        let kafka = try PipelineCluster()
        let sidecar = try await SidecarFixture(kafka.servers) { $0.shutdownTimeout = .seconds(2) }
        await kafka.feeder.send([sampleJSON("a")])
        try await eventually { try await sidecar.database.status(of: "a") == .trustlogged }
        sidecar.store.fail(.persist, .recordAcknowledged, .renewLease, .releaseLease, .advance)
        try await sidecar.database.insert([sampleOperation("b")])
        await kafka.feeder.send([sampleJSON("c")])
        sidecar.store.announceFromOutside()
        try await eventually { sidecar.store.count(.persist) > 1 && sidecar.store.count(.recordAcknowledged) > 1 }
        await sidecar.stop()
        #expect(try await kafka.committed()?.offset == 1)
        #expect(try await sidecar.database.status(of: "b") == .notTrustlogged)
    }

    @Test("topics that cannot be made are told, and a stop ends the attempts")
    func createsTopics() async throws {
        let kafka = try PipelineCluster()
        let sidecar = try await SidecarFixture(kafka.servers) { $0.createsTopics = true }
        try await eventually { sidecar.logs.contains("topics could not be created yet") }
        await sidecar.stop()
        #expect(sidecar.sidecar.state.lastError?.message.contains("topics could not be created") == true)
    }

    @Test("rows that another replica has to publish are announced to it, own ones are not")
    func announced() async throws {
        let kafka = try PipelineCluster()
        let database = try await TestDatabase()
        _ = try await database.store.acquireLease(
            key: "publish-0", owner: "another", length: .seconds(60), unchanged: nil)
        let sidecar = try SidecarFixture(kafka.servers, database: database)
        await kafka.feeder.send([sampleJSON("a")])
        try await eventually { sidecar.store.count(.announce) > 0 }
        try await database.store.releaseLease(key: "publish-0", owner: "another", position: nil)
        try await eventually { try await database.status(of: "a") == .trustlogged }
        let announcements = sidecar.store.count(.announce)
        await kafka.feeder.send([sampleJSON("b")])
        try await eventually { try await database.status(of: "b") == .trustlogged }
        await sidecar.stop()
        #expect(sidecar.store.count(.announce) == announcements)
    }

    @Test("two replicas share the work; nothing is published twice without a fault")
    func replicas() async throws {
        let kafka = try PipelineCluster()
        let database = try await TestDatabase()
        let first = try SidecarFixture(kafka.servers, database: database, owner: "first")
        let second = try SidecarFixture(kafka.servers, database: database, owner: "second")
        await kafka.feeder.send((0..<200).map { sampleJSON("op-\($0)") })
        try await eventually {
            try await database.store.holdsPublished(200)
        }
        await first.stop()
        await kafka.feeder.send((0..<50).map { sampleJSON("more-\($0)") })
        try await eventually("the other one takes over") {
            try await database.store.holdsPublished(250)
        }
        await second.stop()
        let published = try await read("trustlog", of: kafka.servers) { $0.count >= 250 }
        #expect(published.count == 250)
        #expect(Set(published.map { $0.header("ce_id") }).count == 250)
    }
}

extension ScriptedStore {
    /// Whether the table holds that many operations, all of them published. The order matters: more may come in between.
    fileprivate func holdsPublished(_ count: Int) async throws -> Bool {
        guard try await operationCounts().total == count else { return false }
        return try await statistics().unlogged == 0
    }
}
