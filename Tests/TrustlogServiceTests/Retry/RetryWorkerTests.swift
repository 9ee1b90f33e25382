import KafkaClient
import Observability
import OperationStore
import Testing
import TrustlogCore
import TrustlogTestKit

@testable import TrustlogService

@Suite("Retry worker", .timeLimit(.minutes(5)))
struct RetryWorkerTests {
    private func makeWorker(_ fixture: PublishingFixture, maxCount: Int = 5) -> RetryWorker {
        var configuration = fixture.configuration.retry
        configuration.interval = .milliseconds(50)
        return RetryWorker(
            configuration: configuration, store: fixture.store, publisher: fixture.publisher,
            policy: RetryPolicy(maxCount: maxCount, initialBackoff: .zero), clock: fixture.clock, state: fixture.state,
            metrics: fixture.metrics, logger: fixture.logs.logger(), heartbeat: {})
    }

    private func fail(_ sequences: [Int64], in fixture: PublishingFixture) async throws {
        try await fixture.store.recordFailed(
            sequences.map { PublishFailure(seq: $0, error: "refused: at first", delay: .zero) })
    }

    private func run(_ worker: RetryWorker, until condition: @escaping () async throws -> Bool) async throws {
        let running = Task { await worker.run() }
        try await eventually { try await condition() }
        await worker.stop()
        await running.value
    }

    @Test("a failed row is published as the cursor worker would, its status set and its retry row gone")
    func succeeds() async throws {
        let fixture = try await PublishingFixture()
        try await fixture.database.insert((1...30).map { sampleOperation("op-\($0)") })
        try await fail(Array(1...30), in: fixture)
        try await run(makeWorker(fixture)) { try await fixture.store.statistics().retriesPending == 0 }
        let records = try await fixture.published(30)
        #expect(Set(records.map(\.value)).count == 30)
        let detail = try #require(try await fixture.store.operation(opId: "op-7"))
        #expect(detail.status == .trustlogged)
        #expect(detail.offset != nil)
        #expect(detail.retry == nil)
        #expect(fixture.metrics.recordsPublished[.retry].value == 30)
    }

    @Test("an operation that is published already only loses its retry row")
    func obsolete() async throws {
        let fixture = try await PublishingFixture()
        try await fixture.database.insert([sampleOperation("a")])
        try await fail([1], in: fixture)
        try await fixture.store.recordAcknowledged([Acknowledgement(seq: 1, partition: 0, offset: 5)])
        try await run(makeWorker(fixture)) { try await fixture.store.operation(opId: "a")?.retry == nil }
        #expect(try await fixture.store.operation(opId: "a")?.offset == 5)
        #expect(fixture.metrics.recordsPublished[.retry].value == 0)
    }

    @Test("an operation that is missing fails each try and ends as a dead letter")
    func missing() async throws {
        let fixture = try await PublishingFixture()
        try await fixture.database.execute(
            """
            INSERT INTO trustlog_retry (op_id, retry_status, retry_count, next_retry_at, last_error, first_failed_at, updated_at)
            VALUES ('ghost', 'PENDING', 0, '2026-01-01T00:00:00.000000Z', 'by hand', '2026-01-01T00:00:00.000000Z',
                    '2026-01-01T00:00:00.000000Z')
            """)
        try await run(makeWorker(fixture, maxCount: 2)) { try await fixture.store.statistics().deadLetters == 1 }
        let row = try #require(
            try await fixture.store.retries(RetryFilter(onlyDeadLetters: true), after: nil, limit: 10).first)
        #expect(row.retryCount == 2)
        #expect(row.lastError == "unreadable: no operation has this opId")
    }

    @Test("a record that the topic refuses even alone becomes a dead letter, and its neighbours go through")
    func refused() async throws {
        let fixture = try await PublishingFixture(producer: ["message.max.bytes": "4000"])
        let filler = String(repeating: "x", count: 6_000)
        try await fixture.database.insert([
            sampleOperation("small-1"), sampleOperation("large", extra: #"{"x":"\#(filler)"}"#),
            sampleOperation("small-2"),
        ])
        try await fail([1, 2, 3], in: fixture)
        try await run(makeWorker(fixture, maxCount: 3)) { try await fixture.store.statistics().deadLetters == 1 }
        #expect(try await fixture.database.status(of: "small-1") == .trustlogged)
        #expect(try await fixture.database.status(of: "small-2") == .trustlogged)
        let large = try #require(try await fixture.store.operation(opId: "large"))
        #expect(large.status == .failed)
        #expect(large.retry?.status == .deadLetter)
        #expect(large.retry?.retryCount == 3)
        #expect(large.retry?.lastError?.hasPrefix("too-large: ") == true)
    }

    @Test("an outage counts nothing: the claims are given back")
    func outage() async throws {
        let fixture = try await PublishingFixture(signer: BrokenSigner())
        try await fixture.database.insert([sampleOperation("a")])
        try await fail([1], in: fixture)
        try await run(makeWorker(fixture)) { fixture.metrics.publishFailures[.outage].value >= 3 }
        let row = try #require(try await fixture.store.operation(opId: "a")?.retry)
        #expect(row.retryCount == 0)
        #expect(row.status == .pending)
        #expect(fixture.breaker.snapshot.phase != .closed)
    }

    @Test("many rows due at once are worked off by pages side by side, each once")
    func manyDue() async throws {
        let fixture = try await PublishingFixture()
        try await fixture.database.insert((1...6_000).map { sampleOperation("op-\($0)") })
        try await fail(Array(1...6_000), in: fixture)
        try await run(makeWorker(fixture)) { try await fixture.store.statistics().retriesPending == 0 }
        #expect(try await fixture.store.statistics().unlogged == 0)
        #expect(fixture.metrics.recordsPublished[.retry].value == 6_000)
        #expect(try await fixture.published(6_000).count == 6_000)
        await fixture.channel.close(deadline: .seconds(1))
    }

    @Test("the tries come 1, 2, 4, 8 and 16 minutes after one another, and the fifth that fails makes a dead letter")
    func backoff() async throws {
        let fixture = try await PublishingFixture(producer: ["message.max.bytes": "4000"])
        let filler = String(repeating: "x", count: 6_000)
        try await fixture.database.insert([sampleOperation("large", extra: #"{"x":"\#(filler)"}"#)])
        let cursorWorker = fixture.makeWorker()
        let publishing = Task { await cursorWorker.run() }
        try await eventually { try await fixture.database.status(of: "large") == .failed }
        await cursorWorker.stop()
        await publishing.value

        let policy = RetryPolicy()
        let worker = RetryWorker(
            configuration: fastRetries(fixture), store: fixture.store, publisher: fixture.publisher, policy: policy,
            clock: fixture.clock, state: fixture.state, metrics: fixture.metrics, logger: fixture.logs.logger(),
            heartbeat: {})
        let running = Task { await worker.run() }
        for (tries, minutes) in [1, 2, 4, 8, 16].enumerated() {
            let row = try #require(try await fixture.store.operation(opId: "large")?.retry)
            #expect(row.retryCount == tries && row.status == .pending)
            let pause = Double((row.nextRetryAt?.microseconds ?? 0) - row.updatedAt.microseconds) / 60e6
            #expect((Double(minutes)...(Double(minutes) * 1.1 + 0.001)).contains(pause), "try \(tries): \(pause) min")
            // The pause has passed.
            try await fixture.database.execute(
                "UPDATE trustlog_retry SET next_retry_at = '2026-01-01T00:00:00.000000Z'")
            try await eventually { try await fixture.store.operation(opId: "large")?.retry?.retryCount == tries + 1 }
        }
        await worker.stop()
        await running.value
        let dead = try #require(try await fixture.store.operation(opId: "large")?.retry)
        #expect(dead.status == .deadLetter && dead.nextRetryAt == nil && dead.retryCount == 5)
        #expect(fixture.logs.contains("the retries of an operation are used up", atLeast: .error))

        #expect(try await fixture.store.requeueRetries(RetryFilter(onlyDeadLetters: true)) == 1)
        let requeued = try #require(try await fixture.store.operation(opId: "large")?.retry)
        #expect(requeued.status == .pending && requeued.retryCount == 0)
        await fixture.channel.close(deadline: .seconds(1))
    }

    private func fastRetries(_ fixture: PublishingFixture) -> ServiceConfiguration.Retry {
        var configuration = fixture.configuration.retry
        configuration.interval = .milliseconds(200)
        return configuration
    }

    @Test("what was given up because of a shutdown is given back, and counts nothing")
    func shutdown() async throws {
        let fixture = try await PublishingFixture()
        try await fixture.database.insert((1...300).map { sampleOperation("op-\($0)") })
        try await fail(Array(1...300), in: fixture)
        try fixture.cluster.setBrokerDown(1)
        let worker = makeWorker(fixture)
        let running = Task { await worker.run() }
        try await eventually("they wait in the client") { fixture.channel.producer.outstanding > 0 }
        await worker.stop()
        await fixture.channel.close(deadline: .zero)
        await running.value
        let rows = try await fixture.store.retries(RetryFilter(), after: nil, limit: 1_000)
        #expect(rows.count == 300 && rows.allSatisfy { $0.retryCount == 0 && $0.status == .pending })
        #expect(try await fixture.store.statistics().retriesDue == 300)
    }

    @Test("claims grow to ten batches while rows are small, and shrink to what large rows leave room for")
    func claimSize() {
        var size = ClaimSize(batch: 100)
        #expect(size.rows == 100)
        for expected in [200, 400, 800, 1_000, 1_000] {
            size.saw(rows: 100, bytes: 100 * 700)
            #expect(size.rows == expected)
        }
        size.saw(rows: 1_000, bytes: 1_000 * 70_000)
        #expect(size.rows == 119)
        size.saw(rows: 1, bytes: 64 << 20)
        #expect(size.rows == 1)
        size.saw(rows: 1, bytes: 0)
        #expect(size.rows == 2)
    }
}
