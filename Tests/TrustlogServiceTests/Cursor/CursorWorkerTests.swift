import KafkaClient
import Observability
import OperationStore
import Synchronization
import Testing
import TrustlogCore
import TrustlogTestKit

@testable import TrustlogService

@Suite("Cursor worker", .timeLimit(.minutes(5)))
struct CursorWorkerTests {
    @Test("what waits is published once, its status follows, and the cursor tells how far it came")
    func publishes() async throws {
        let fixture = try await PublishingFixture()
        try await fixture.database.insert((1...500).map { sampleOperation("op-\($0)", doid: "86.1000/\($0 % 10)") })
        let worker = fixture.makeWorker()
        let running = Task { await worker.run() }
        try await eventually { try await fixture.store.statistics().unlogged == 0 }
        try await fixture.database.insert([sampleOperation("late")])
        worker.notify()
        try await eventually { try await fixture.database.status(of: "late") == .trustlogged }
        await worker.stop()
        await running.value
        let published = try await fixture.published(501)
        #expect(Set(published.map { $0.header("ce_id") }).count == 501 && published.count == 501)
        let cursor = try #require(try await fixture.store.cursors().first)
        #expect(cursor.key == "publish-0" && cursor.value == "501" && cursor.owner == nil)
        let detail = try #require(try await fixture.store.operation(opId: "late"))
        #expect(detail.partition == 0 && detail.offset == 500)
        await fixture.channel.close(deadline: .seconds(1))
    }

    @Test("a restart with nothing to do leaves the cursor where it was")
    func keepsPosition() async throws {
        let fixture = try await PublishingFixture()
        try await fixture.database.insert([sampleOperation("a"), sampleOperation("b")])
        for _ in 0..<2 {
            let worker = fixture.makeWorker()
            let running = Task { await worker.run() }
            try await eventually { try await fixture.store.statistics().unlogged == 0 }
            let scans = fixture.store.scans.count
            try await eventually("it looked") { fixture.store.scans.count > scans || scans > 2 }
            await worker.stop()
            await running.value
            let cursor = try await fixture.store.cursors().first
            #expect(cursor?.value == "2", "\(String(describing: cursor))")
        }
        await fixture.channel.close(deadline: .seconds(1))
    }

    @Test("a row that appears behind the cursor is found by the sweep, and nothing is published twice")
    func lateCommit() async throws {
        let fixture = try await PublishingFixture { $0.cursor.interval = .seconds(2) }
        try await fixture.database.insert([sampleOperation("a"), sampleOperation("b"), sampleOperation("c")])
        // As if the transaction of row 2 were still open.
        try await fixture.database.execute("UPDATE operation SET trustlog_status = 'NOT_REQUIRED' WHERE op_id = 'b'")
        let worker = fixture.makeWorker()
        let running = Task { await worker.run() }
        try await eventually { try await fixture.database.status(of: "c") == .trustlogged }
        try await fixture.database.execute("UPDATE operation SET trustlog_status = 'NOT_TRUSTLOGGED' WHERE op_id = 'b'")
        try await eventually { try await fixture.database.status(of: "b") == .trustlogged }
        await worker.stop()
        await running.value
        #expect(try await fixture.published(3).map { $0.header("ce_id") } == ["a", "c", "b"])
        #expect(fixture.metrics.recordsPublished[.cursor].value == 3)
        await fixture.channel.close(deadline: .seconds(1))
    }

    @Test("consumed rows that were committed while the scan went past them are published before those behind them")
    func overtaken() async throws {
        let fixture = try await PublishingFixture(clock: SystemServiceClock()) { $0.cursor.interval = .seconds(600) }
        try await fixture.database.insert([sampleOperation("first"), sampleOperation("elsewhere")])
        // As if the transaction of the first batch were still open while a row with a higher seq is visible.
        try await fixture.database.execute(
            "UPDATE operation SET trustlog_status = 'NOT_REQUIRED' WHERE op_id = 'first'")
        let worker = fixture.makeWorker()
        let running = Task { await worker.run() }
        try await eventually { try await fixture.database.status(of: "elsewhere") == .trustlogged }
        try await fixture.database.execute(
            """
            BEGIN;
            UPDATE operation SET trustlog_status = 'NOT_TRUSTLOGGED' WHERE op_id = 'first';
            INSERT INTO operation (op_id, op_timestamp, op_source, op_type, do_prefix, do_repository, doid, producer_id,
                op_actor, source_topic, source_partition, source_offset, source_digest)
            SELECT 'second', op_timestamp, op_source, op_type, do_prefix, do_repository, doid, producer_id, op_actor,
                'operations', 0, 2, lower(hex(zeroblob(32))) FROM operation WHERE op_id = 'first';
            COMMIT
            """)
        worker.notify()
        try await eventually { try await fixture.database.status(of: "second") == .trustlogged }
        await worker.stop()
        await running.value
        #expect(try await fixture.published(3).map { $0.header("ce_id") } == ["elsewhere", "first", "second"])
        await fixture.channel.close(deadline: .seconds(1))
    }

    @Test("a row that cannot be read waits for a retry and stops no other")
    func unreadable() async throws {
        let fixture = try await PublishingFixture()
        try await fixture.database.insert([sampleOperation("a"), sampleOperation("b")])
        try await fixture.database.execute(
            "PRAGMA ignore_check_constraints = 1; UPDATE operation SET op_timestamp = 'nonsense' WHERE op_id = 'a'")
        let worker = fixture.makeWorker()
        let running = Task { await worker.run() }
        try await eventually { try await fixture.database.status(of: "b") == .trustlogged }
        try await eventually { fixture.store.failed.count == 1 }
        await worker.stop()
        await running.value
        #expect(fixture.store.failed.first?.error.contains("unreadable: the row cannot be read") == true)
        #expect(try await fixture.store.statistics().retriesPending == 1)
        await fixture.channel.close(deadline: .seconds(1))
    }

    @Test("a record refused alone waits for a retry; its neighbours are published")
    func refused() async throws {
        let fixture = try await PublishingFixture(producer: ["message.max.bytes": "3000"])
        let big = #"{"x":"\#(String(repeating: "x", count: 4_000))"}"#
        try await fixture.database.insert([
            sampleOperation("a"), sampleOperation("big", extra: big), sampleOperation("b"),
        ])
        let worker = fixture.makeWorker()
        let running = Task { await worker.run() }
        try await eventually { try await fixture.database.status(of: "big") == .failed }
        try await eventually { try await fixture.database.status(of: "b") == .trustlogged }
        await worker.stop()
        await running.value
        let retry = try #require(try await fixture.store.operation(opId: "big")?.retry)
        #expect(retry.retryCount == 0 && retry.lastError?.contains("too-large") == true)
        await fixture.channel.close(deadline: .seconds(1))
    }

    @Test("an outage turns no row into a failed one; everything is published when it ends")
    func outage() async throws {
        let fixture = try await PublishingFixture()
        try await fixture.database.insert((1...50).map { sampleOperation("op-\($0)") })
        fixture.cluster.pushRequestErrors(apiKey: 0, Array(repeating: KafkaError.topicAuthorizationFailed, count: 4))
        let worker = fixture.makeWorker()
        let running = Task { await worker.run() }
        try await eventually("the circuit opens") { fixture.logs.contains("publishing waits") }
        try await eventually { try await fixture.store.statistics().unlogged == 0 }
        await worker.stop()
        await running.value
        #expect(fixture.store.failed.isEmpty)
        #expect(fixture.breaker.snapshot.phase == .closed)
        #expect(fixture.logs.contains("publishing works again"))
        await fixture.channel.close(deadline: .seconds(1))
    }

    @Test("brokers that do not answer open the circuit, and publishing goes on when they do")
    func stall() async throws {
        let fixture = try await PublishingFixture()
        try fixture.cluster.setBrokerDown(1)
        try await fixture.database.insert([sampleOperation("a")])
        let worker = fixture.makeWorker()
        let running = Task { await worker.run() }
        try await eventually("the circuit opens") { fixture.breaker.snapshot.phase == .open }
        #expect(fixture.breaker.snapshot.reason?.contains("no broker answers") == true)
        try await eventually("the outage is counted") { fixture.metrics.publishFailures[.outage].value == 1 }
        try fixture.cluster.setBrokerUp(1)
        try await eventually { try await fixture.database.status(of: "a") == .trustlogged }
        try await eventually { fixture.breaker.snapshot.phase == .closed }
        await worker.stop()
        await running.value
        #expect(try await fixture.published(1).count == 1)
        #expect(fixture.store.failed.isEmpty, "an outage is nobody's failed try")
        await fixture.channel.close(deadline: .seconds(1))
    }

    @Test("the cursor it gives back stands in front of what could not be published")
    func unpublished() async throws {
        let fixture = try await PublishingFixture()
        try await fixture.database.insert([sampleOperation("a")])
        let worker = fixture.makeWorker()
        let running = Task { await worker.run() }
        try await eventually { try await fixture.database.status(of: "a") == .trustlogged }
        try fixture.cluster.setBrokerDown(1)
        try await fixture.database.insert((1...20).map { sampleOperation("op-\($0)") })
        let scans = fixture.store.scans.count
        worker.notify()
        try await eventually("they are on their way") { fixture.store.scans.count > scans }
        await worker.stop()
        await fixture.channel.close(deadline: .zero)
        await running.value
        let cursor = try await fixture.store.cursors().first
        #expect(cursor?.owner == nil && cursor?.value == "1")
    }

    @Test("a worker that lost its lease publishes nothing until it has it again, then begins at the first row")
    func leaseLost() async throws {
        // Long enough that nobody takes the other's lease for abandoned.
        let fixture = try await PublishingFixture { $0.cursor.lease = .seconds(200) }
        let worker = fixture.makeWorker()
        try await fixture.database.insert([sampleOperation("a")])
        let running = Task { await worker.run() }
        try await eventually { try await fixture.database.status(of: "a") == .trustlogged }
        let base = fixture.store.base
        try await base.releaseLease(key: "publish-0", owner: "me", position: nil)
        _ = try await base.acquireLease(key: "publish-0", owner: "other", length: .seconds(60), unchanged: nil)
        try await eventually("it notices") { fixture.logs.contains("taken by another process") }
        let scans = fixture.store.scans.count
        try await fixture.database.insert([sampleOperation("b")])
        worker.notify()
        let asked = fixture.store.count(.acquireLease)
        try await eventually("it asks for the lease") { fixture.store.count(.acquireLease) > asked }
        #expect(fixture.store.scans.count == scans)
        #expect(try await fixture.database.status(of: "b") == .notTrustlogged)

        try await base.releaseLease(key: "publish-0", owner: "other", position: nil)
        try await eventually { try await fixture.database.status(of: "b") == .trustlogged }
        #expect(fixture.store.scans.dropFirst(scans).first?.after == 0)
        await worker.stop()
        await running.value
        #expect(try await fixture.published(2).count == 2)
        await fixture.channel.close(deadline: .seconds(1))
    }

    @Test("a database that is away is waited for, and what was acknowledged meanwhile is recorded once it is back")
    func databaseAway() async throws {
        let fixture = try await PublishingFixture()
        fixture.store.fail(.acquireLease, times: 2)
        fixture.store.fail(.waiting, times: 2)
        fixture.store.fail(.recordAcknowledged, times: 3)
        try await fixture.database.insert((1...10).map { sampleOperation("op-\($0)") })
        let worker = fixture.makeWorker()
        let running = Task { await worker.run() }
        try await eventually { try await fixture.store.base.statistics().unlogged == 0 }
        await worker.stop()
        await running.value
        #expect(fixture.logs.contains("waits for the database"))
        #expect(try await fixture.published(10).count == 10)
        await fixture.channel.close(deadline: .seconds(1))
    }

    @Test("a stop waits until what is in flight is acknowledged and recorded")
    func stopWaits() async throws {
        let fixture = try await PublishingFixture()
        try await fixture.database.insert([sampleOperation("a")])
        let gate = fixture.store.hold(.recordAcknowledged)
        let worker = fixture.makeWorker()
        let running = Task { await worker.run() }
        try await eventually { gate.arrivals == 1 }
        await worker.stop()
        #expect(fixture.store.count(.releaseLease) == 0)
        gate.open()
        await running.value
        #expect(try await fixture.database.status(of: "a") == .trustlogged)
        #expect(try await fixture.store.cursors().first?.owner == nil)
        await fixture.channel.close(deadline: .seconds(1))
    }

    @Test("a circuit that another replica's work left open closes, though there is nothing to publish")
    func idleCircuit() async throws {
        let fixture = try await PublishingFixture()
        fixture.breaker.failed(reason: "an outage that is over")
        let worker = fixture.makeWorker()
        let running = Task { await worker.run() }
        try await eventually { fixture.breaker.snapshot.phase == .closed }
        await worker.stop()
        await running.value
        await fixture.channel.close(deadline: .seconds(1))
    }

    @Test("ten minutes of an outage count nothing, and everything is published afterwards")
    func longOutage() async throws {
        let clock = ManualClock()
        let fixture = try await PublishingFixture(clock: clock)
        try await fixture.database.insert((1...20).map { sampleOperation("op-\($0)") })
        fixture.cluster.pushRequestErrors(
            apiKey: 0, Array(repeating: KafkaError.topicAuthorizationFailed, count: 1_000))
        let worker = fixture.makeWorker()
        let running = Task { await worker.run() }
        try await eventually { fixture.breaker.snapshot.phase == .open }
        while clock.now < .seconds(600) {
            try await eventually { !clock.deadlines.isEmpty }
            clock.advance(by: .seconds(5))
        }
        #expect(fixture.store.failed.isEmpty)
        #expect(try await fixture.store.statistics().unlogged == 20)
        #expect(fixture.metrics.publishFailures[.refused].value == 0)
        fixture.cluster.clearRequestErrors(apiKey: 0)
        try await eventually {
            clock.advance(by: .seconds(5))
            return try await fixture.store.statistics().unlogged == 0
        }
        await worker.stop()
        await running.value
        await fixture.channel.close(deadline: .seconds(1))
    }

    @Test("a database that hangs silences the heartbeat, one that is away does not")
    func heartbeat() async throws {
        let fixture = try await PublishingFixture()
        let beats = Atomic(0)
        let gate = fixture.store.hold(.acquireLease)
        let worker = fixture.makeWorker { beats.add(1, ordering: .relaxed) }
        let running = Task { await worker.run() }
        try await eventually { gate.arrivals == 1 }
        let before = beats.load(ordering: .relaxed)
        for _ in 0..<5 { worker.notify() }
        #expect(beats.load(ordering: .relaxed) == before)
        fixture.store.fail(.acquireLease)
        gate.open()
        try await eventually { beats.load(ordering: .relaxed) > before + 3 }
        await worker.stop()
        await running.value
        await fixture.channel.close(deadline: .seconds(1))
    }

    @Test("no more rows are in flight than the setting allows")
    func bounded() async throws {
        let fixture = try await PublishingFixture { $0.cursor.maxInFlight = 30 }
        try await fixture.database.insert((1...200).map { sampleOperation("op-\($0)") })
        let gate = fixture.store.hold(.recordAcknowledged)
        let worker = fixture.makeWorker()
        let running = Task { await worker.run() }
        try await eventually { gate.arrivals == 1 }
        #expect(fixture.store.scans.allSatisfy { $0.limit <= 30 })
        try await eventually { fixture.metrics.recordsPublished[.cursor].value == 30 }
        gate.open()
        try await eventually { try await fixture.store.statistics().unlogged == 0 }
        await worker.stop()
        await running.value
        #expect(try await fixture.published(200).count == 200)
        await fixture.channel.close(deadline: .seconds(1))
    }
}
