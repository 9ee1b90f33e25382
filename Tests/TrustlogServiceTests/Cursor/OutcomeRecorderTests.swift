import Observability
import OperationStore
import Testing
import TrustlogCore
import TrustlogTestKit

@testable import TrustlogService

@Suite("Outcome recorder", .timeLimit(.minutes(5)))
struct OutcomeRecorderTests {
    private func acknowledgement(_ seq: Int64) -> Acknowledgement {
        Acknowledgement(seq: seq, partition: 0, offset: seq)
    }

    @Test("what arrives while a statement is under way goes with the next one")
    func gathers() async throws {
        let fixture = try await PublishingFixture()
        try await fixture.database.insert((1...20).map { sampleOperation("op-\($0)") })
        let gate = fixture.store.hold(.recordAcknowledged)
        let first = Task { await fixture.recorder.record([acknowledgement(1)], [], recordedAt: [nil]) }
        try await eventually { gate.arrivals == 1 }
        let others = (2...20).map { seq in
            Task { await fixture.recorder.record([acknowledgement(Int64(seq))], [], recordedAt: [.now()]) }
        }
        try await eventually { fixture.metrics.recordsPublished[.cursor].value == 20 }
        gate.open()
        #expect(await first.value)
        for other in others { #expect(await other.value) }
        #expect(fixture.store.acknowledged.map(\.count) == [1, 19])
        #expect(try await fixture.database.status(of: "op-20") == .trustlogged)
        #expect(fixture.metrics.endToEndSeconds.snapshot.count == 19)
    }

    @Test("nothing to record needs no database")
    func nothing() async throws {
        let fixture = try await PublishingFixture()
        fixture.store.fail(.recordAcknowledged, .recordFailed)
        #expect(await fixture.recorder.record([], [], recordedAt: []))
    }

    @Test("an outage is waited for, and what was recorded before it changes nothing twice")
    func outage() async throws {
        let fixture = try await PublishingFixture()
        try await fixture.database.insert([sampleOperation("a"), sampleOperation("b")])
        fixture.store.fail(.recordFailed, times: 2)
        let failure = fixture.recorder.failure(seq: 2, .unreadable, "no such thing")
        #expect(await fixture.recorder.record([acknowledgement(1)], [failure], recordedAt: []))
        #expect(try await fixture.database.status(of: "a") == .trustlogged)
        #expect(try await fixture.database.status(of: "b") == .failed)
        #expect(try await fixture.store.operation(opId: "b")?.retry?.lastError == "unreadable: no such thing")
        #expect(fixture.metrics.publishFailures[.unreadable].value == 1)
        #expect(fixture.state.problem(of: .database) == nil)
    }

    @Test("at a shutdown a database that is away is not waited for, and the caller is told")
    func givesUp() async throws {
        let fixture = try await PublishingFixture(clock: ManualClock())
        fixture.store.fail(.recordAcknowledged)
        let recording = Task { await fixture.recorder.record([acknowledgement(1)], [], recordedAt: []) }
        try await eventually { fixture.store.count(.recordAcknowledged) > 0 }
        // The clock stands still: only giving up can end the pause.
        await fixture.recorder.giveUp()
        #expect(await recording.value == false)
        #expect(await fixture.recorder.record([acknowledgement(2)], [], recordedAt: []) == false)
    }
}
