import KafkaClient
import Observability
import OperationStore
import Testing
import TrustlogCore
import TrustlogTestKit

@testable import TrustlogService

@Suite("Replay", .timeLimit(.minutes(5)))
struct ReplayTests {
    @Test("publishes the range whatever the status, in order, changes no row, and leaves no cursor")
    func publishes() async throws {
        let fixture = try await PublishingFixture()
        try await fixture.database.insert((1...3_000).map { sampleOperation("op-\($0)") })
        try await fixture.database.execute(
            """
            UPDATE operation SET trustlog_status = 'NOT_REQUIRED' WHERE seq % 3 = 0;
            UPDATE operation SET trustlog_status = 'DISCARDED' WHERE seq % 3 = 1;
            UPDATE operation SET trustlog_status = 'TRUSTLOGGED', trustlogged_at = '2026-01-01T00:00:00.000000Z',
                trustlog_partition = 7, trustlog_offset = 77 WHERE seq % 3 = 2;
            """)
        let notes = ReplayNotes()
        let replay = try fixture.makeReplay(
            from: try Position("op:op-11"), to: try Position("op:op-2990"), notes: notes)
        let result = try await replay.run()
        #expect(result.published == 2_980 && result.failed == 0 && result.isFinished)
        #expect(notes.plan?.records == 2_980 && notes.plan?.cursor?.range == 11...2_990)
        #expect(notes.plan?.isResumed == false && notes.published == 2_980)
        let published = try await fixture.published(2_980)
        #expect(published.map { $0.header("ce_id") } == (11...2_990).map { "op-\($0)" })
        #expect(fixture.metrics.recordsPublished[.replay].value == 2_980)
        #expect(try await fixture.store.cursors().isEmpty)
        let rows = try await fixture.store.placements(in: 1...3_000, limit: 5_000)
        for row in rows {
            let expected: OperationStatus = [.notRequired, .discarded, .trustlogged][Int(row.seq % 3)]
            guard row.status == expected, row.status != .trustlogged || (row.partition == 7 && row.offset == 77) else {
                Issue.record("changed: \(row)")
                break
            }
        }
    }

    @Test("to another topic it publishes there only; an empty range is done at once")
    func anotherTopic() async throws {
        let fixture = try await PublishingFixture()
        try fixture.cluster.createTopic("copy", partitions: 1)
        try await fixture.database.insert((1...3).map { sampleOperation("op-\($0)") })
        let result = try await fixture.makeReplay(topic: "copy", notes: ReplayNotes()).run()
        #expect(result.published == 3)
        let copies = try await read("copy", of: fixture.servers) { $0.count >= 3 }
        #expect(copies.count == 3)

        let notes = ReplayNotes()
        let empty = try await fixture.makeReplay(
            from: try Position("op:op-3"), to: try Position("op:op-1"), notes: notes
        ).run()
        #expect(empty.published == 0 && empty.isFinished && notes.plan?.records == 0)
        #expect(try await fixture.store.cursors().isEmpty)
    }

    @Test("stopped, it keeps its position, and the same command goes on there; another one is refused")
    func resumes() async throws {
        let fixture = try await PublishingFixture()
        try await fixture.database.insert((1...400).map { sampleOperation("op-\($0)") })
        let notes = ReplayNotes()
        let replay = try fixture.makeReplay(rate: 10, notes: notes)
        let running = Task { try await replay.run() }
        try await eventually("some are published") { notes.published >= 4 }
        await replay.stop()
        let first = try await running.value
        #expect(!first.isFinished && first.published < 400)
        let cursor = try #require(try await fixture.cursor())
        #expect(cursor.owner == nil)
        #expect(ReplayCursor(value: cursor.value ?? "")?.sequence == first.position)

        // The end that was meant stays where it was.
        try await fixture.database.insert([sampleOperation("later")])
        await expectRefusal(of: try fixture.makeReplay(from: try Position("op:op-2"), notes: ReplayNotes()))
        await expectRefusal(of: try fixture.makeReplay(topic: "other", notes: ReplayNotes()))

        let again = ReplayNotes()
        let second = try await fixture.makeReplay(owner: "another process", notes: again).run()
        #expect(again.plan?.isResumed == true && again.plan?.records == 400 - first.published)
        #expect(second.isFinished && first.published + second.published == 400)
        let published = try await fixture.published(400)
        #expect(published.map { $0.header("ce_id") } == (1...400).map { "op-\($0)" })
        #expect(try await fixture.cursor() == nil)
    }

    private func expectRefusal(of replay: Replay) async {
        do {
            _ = try await replay.run()
            Issue.record("it ran")
        } catch {
            guard case .otherCommand = error else {
                Issue.record("\(error)")
                return
            }
        }
    }

    @Test("a cursor of another kind is not touched")
    func otherKinds() async throws {
        let fixture = try await PublishingFixture()
        try await fixture.database.insert([sampleOperation("a")])
        _ = try await fixture.store.setCursor(key: "mark", value: "1", expected: nil)
        do {
            _ = try await fixture.makeReplay(key: "mark", notes: ReplayNotes()).run()
            Issue.record("it ran")
        } catch {
            guard case .keyOfBookmark = error as? ReplayError else { throw error }
        }
        do {
            _ = try await fixture.makeReplay(key: "publish-0", notes: ReplayNotes()).run()
            Issue.record("it ran")
        } catch {
            guard case .keyOfWorker = error as? ReplayError else { throw error }
        }
        #expect(try await fixture.store.cursors().map(\.value) == ["1"])
    }

    @Test("two of the same key do not run at once; a dead owner's lease is waited for")
    func lease() async throws {
        let fixture = try await PublishingFixture { $0.cursor.lease = .seconds(40) }
        try await fixture.database.insert((1...200).map { sampleOperation("op-\($0)") })
        let notes = ReplayNotes()
        let first = try fixture.makeReplay(owner: "first", rate: 1, notes: notes)
        let running = Task { try await first.run() }
        try await eventually { notes.published >= 1 }
        let waiting = ReplayNotes()
        do {
            _ = try await fixture.makeReplay(owner: "second", notes: waiting).run()
            Issue.record("it ran")
        } catch {
            guard case .held(let row) = error as? ReplayError else { throw error }
            #expect(row.owner == "first")
        }
        #expect(waiting.holders.first?.owner == "first")
        await first.stop()
        _ = try await running.value

        // Killed: nobody renews, and the lease is not given back.
        let value = try #require(try await fixture.cursor()?.value)
        _ = try await fixture.store.acquireLease(
            key: "replay", owner: "dead", length: .seconds(60), unchanged: nil)
        let patient = ReplayNotes()
        let result = try await fixture.makeReplay(owner: "third", notes: patient).run()
        #expect(result.isFinished && patient.plan?.isResumed == true)
        #expect(patient.plan?.cursor?.value == value)
        #expect(patient.holders.map(\.owner) == ["dead"])
    }

    @Test("a cursor that is changed under a replay ends it")
    func lost() async throws {
        let fixture = try await PublishingFixture()
        try await fixture.database.insert((1...300).map { sampleOperation("op-\($0)") })
        let notes = ReplayNotes()
        let replay = try fixture.makeReplay(rate: 1, notes: notes)
        let running = Task { try await replay.run() }
        try await eventually { notes.published >= 1 }
        _ = try await fixture.store.deleteCursor(key: "replay")
        do {
            _ = try await running.value
            Issue.record("it went on")
        } catch {
            guard case .cursorLost = error as? ReplayError else { throw error }
        }
    }

    @Test("a row that cannot be published is told and passed; the others go through")
    func failures() async throws {
        let fixture = try await PublishingFixture(producer: ["message.max.bytes": "4000"])
        let filler = String(repeating: "x", count: 6_000)
        try await fixture.database.insert([
            sampleOperation("a"), sampleOperation("large", extra: #"{"x":"\#(filler)"}"#), sampleOperation("broken"),
            sampleOperation("b"),
        ])
        try await fixture.database.execute(
            "PRAGMA ignore_check_constraints = 1; UPDATE operation SET op_timestamp = 'nonsense' WHERE op_id = 'broken'"
        )
        let notes = ReplayNotes()
        let result = try await fixture.makeReplay(notes: notes).run()
        #expect(result.published == 2 && result.failed == 2 && result.isFinished)
        #expect(notes.failures.map(\.opId) == ["large", "broken"] && notes.failures.map(\.seq) == [2, 3])
        #expect(notes.failures.first?.reason.hasPrefix("too-large: ") == true)
        #expect(notes.failures.last?.reason.hasPrefix("unreadable: ") == true)
        #expect(try await fixture.published(2).map { $0.header("ce_id") } == ["a", "b"])
        #expect(try await fixture.cursor() == nil)
    }

    @Test("brokers that are away are waited for, and nothing is left out")
    func brokerOutage() async throws {
        let fixture = try await PublishingFixture()
        try await fixture.database.insert((1...2_500).map { sampleOperation("op-\($0)") })
        try fixture.cluster.setBrokerDown(1)
        let notes = ReplayNotes()
        let replay = try fixture.makeReplay(notes: notes)
        let running = Task { try await replay.run() }
        try await eventually("the circuit says so") { fixture.logs.contains("publishing waits: no broker answers") }
        #expect(notes.published == 0)
        try fixture.cluster.setBrokerUp(1)
        let result = try await running.value
        #expect(result.published == 2_500 && result.isFinished)
        let ids = try await fixture.published(2_500).map { $0.header("ce_id") }
        #expect(Set(ids).count == 2_500)
    }

    @Test("what everybody would suffer from is sent again in order: no row is blamed")
    func refusedByAll() async throws {
        let fixture = try await PublishingFixture()
        try await fixture.database.insert((1...50).map { sampleOperation("op-\($0)") })
        fixture.cluster.pushRequestErrors(
            apiKey: 0, [KafkaError.topicAuthorizationFailed, KafkaError.topicAuthorizationFailed])
        let notes = ReplayNotes()
        let result = try await fixture.makeReplay(notes: notes).run()
        #expect(result.published == 50 && result.failed == 0)
        #expect(fixture.logs.contains("publishing waits: "))
        var seen: Set<String> = []
        let first = try await fixture.published(50).compactMap { $0.header("ce_id") }.filter {
            seen.insert($0).inserted
        }
        #expect(first == (1...50).map { "op-\($0)" })
    }

    @Test("a database that goes away is waited for")
    func databaseOutage() async throws {
        let fixture = try await PublishingFixture()
        try await fixture.database.insert((1...100).map { sampleOperation("op-\($0)") })
        let notes = ReplayNotes()
        let replay = try fixture.makeReplay(rate: 20, notes: notes)
        let running = Task { try await replay.run() }
        try await eventually { notes.published >= 4 }
        fixture.store.fail(.renewLease, .replayPage)
        try await eventually { fixture.logs.contains("the replay waits for the database") }
        fixture.store.heal(.renewLease, .replayPage)
        let result = try await running.value
        #expect(result.published == 100 && result.isFinished)
    }

    @Test("the preview tells what would be published and changes nothing")
    func preview() async throws {
        let database = try await TestDatabase()
        try await database.insert((1...9).map { sampleOperation("op-\($0)") })
        let request = ReplayRequest(from: try Position("op:op-3"), to: .end, topic: "t", key: "replay")
        let plan = try await ReplayPlan.preview(request, of: database.store)
        #expect(plan.records == 7 && plan.cursor?.range == 3...9 && !plan.isResumed)
        #expect(try await database.store.cursors().isEmpty)
        var cursor = try #require(plan.cursor)
        cursor.sequence = 6
        _ = try await database.store.setCursor(key: "replay", value: cursor.value, expected: nil)
        let rest = try await ReplayPlan.preview(request, of: database.store)
        #expect(rest.records == 3 && rest.cursor?.rest == 7...9 && rest.isResumed)
    }
}
