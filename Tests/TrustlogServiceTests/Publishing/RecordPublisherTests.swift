import KafkaClient
import Observability
import OperationStore
import Testing
import TrustlogCore
import TrustlogTestKit

@testable import TrustlogService

@Suite("Record publisher", .timeLimit(.minutes(5)))
struct RecordPublisherTests {
    @Test("records of one key reach the topic in the order submitted, whatever the lanes do")
    func order() async throws {
        let fixture = try await PublishingFixture()
        let submissions = (0..<10).map { batch in
            fixture.publisher.submit(
                fixture.records((0..<50).map { "op-\(batch)-\($0)" }, doid: { "86.1000/object-\($0 % 7)" }))
        }
        for submission in submissions {
            for outcome in await submission.outcomes() {
                guard case .acknowledged(0, .some) = outcome else {
                    Issue.record("not acknowledged: \(outcome)")
                    continue
                }
            }
        }
        let published = try await fixture.published(500)
        #expect(published.count == 500)
        var lastOf: [[UInt8]: (Int, Int)] = [:]
        for record in published {
            let id = try #require(record.header("ce_id")).split(separator: "-").compactMap { Int($0) }
            let key = try #require(record.key)
            let number = (id[0], id[1])
            if let last = lastOf[key] { #expect(last < number) }
            lastOf[key] = number
        }
        #expect(lastOf.count == 7)
        await fixture.channel.close(deadline: .seconds(1))
    }

    @Test("a topic that calls every record invalid is nobody's fault: nothing is blamed, the circuit opens")
    func everybodyRefused() async throws {
        let fixture = try await PublishingFixture()
        fixture.cluster.pushRequestErrors(apiKey: 0, Array(repeating: KafkaError.invalidRecord, count: 50))
        let outcomes = await fixture.publisher.submit(fixture.records(["a", "b", "c", "d"])).outcomes()
        for outcome in outcomes {
            guard case .outage = outcome else {
                Issue.record("blamed: \(outcome)")
                continue
            }
        }
        #expect(fixture.breaker.snapshot.phase == .open && fixture.metrics.publishFailures[.refused].value == 0)
        fixture.cluster.clearRequestErrors(apiKey: 0)
        try await eventually("all are taken afterwards") {
            await fixture.publisher.submit(fixture.records(["a", "b", "c", "d"])).outcomes().allSatisfy {
                if case .acknowledged = $0 { true } else { false }
            }
        }
        #expect(fixture.breaker.snapshot.phase == .closed)
        await fixture.channel.close(deadline: .seconds(1))
    }

    @Test("several that are refused in a row are let off, one that is refused among others is not")
    func judge() {
        var judge = RefusalJudge()
        let alone = [["a"], ["a"], ["b"]].map { judge.refused($0) }
        #expect(alone == [false, false, false])
        let many = [["c"], ["a"]].map { judge.refused($0) }
        #expect(many == [true, true])
        judge.taken()
        let later = [["a"], ["d", "e"]].map { judge.refused($0) }
        #expect(later == [false, true])
    }

    @Test("a circuit with nothing to probe with is closed by the broker's word, and stays open without it")
    func probe() async throws {
        let fixture = try await PublishingFixture()
        fixture.breaker.failed(reason: "before")
        await fixture.publisher.probe()
        #expect(fixture.breaker.snapshot.phase == .closed)
        try fixture.cluster.setBrokerDown(1)
        fixture.breaker.failed(reason: "before")
        await fixture.publisher.probe()
        #expect(fixture.breaker.snapshot.phase == .open && fixture.breaker.snapshot.reason != "before")
        await fixture.channel.close(deadline: .seconds(1))
    }

    @Test("an outage opens the circuit; the first acknowledgement closes it")
    func outage() async throws {
        let fixture = try await PublishingFixture()
        fixture.cluster.pushRequestErrors(apiKey: 0, [KafkaError.topicAuthorizationFailed])
        let outcomes = await fixture.publisher.submit(fixture.records(["a"])).outcomes()
        guard case .outage(let message) = outcomes.first else {
            Issue.record("no outage: \(outcomes)")
            return
        }
        #expect(message.contains("topic trustlog"))
        #expect(fixture.breaker.snapshot.phase == .open)
        #expect(fixture.metrics.circuitOpen.value == 1)
        #expect(fixture.metrics.publishFailures[.outage].value == 1)
        // librdkafka goes on refusing the topic until it has asked about it again.
        try await eventually {
            let outcomes = await fixture.publisher.submit(fixture.records(["a"])).outcomes()
            return outcomes == [.acknowledged(partition: 0, offset: 0)]
        }
        #expect(fixture.breaker.snapshot.phase == .closed && fixture.metrics.circuitOpen.value == 0)
        await fixture.channel.close(deadline: .seconds(1))
    }

    @Test("a record that is refused with others is sent alone; only the one at fault is refused")
    func culprit() async throws {
        let fixture = try await PublishingFixture(producer: ["message.max.bytes": "3000"])
        var records = fixture.records(["a", "big", "b"])
        records[1].stored.operation.extra = #"{"x":"\#(String(repeating: "x", count: 4_000))"}"#
        let outcomes = await fixture.publisher.submit(records).outcomes()
        guard case .acknowledged = outcomes[0], case .refused(.tooLarge, let message) = outcomes[1],
            case .acknowledged = outcomes[2]
        else {
            Issue.record("\(outcomes)")
            return
        }
        #expect(message.contains("trustlog"))
        #expect(fixture.metrics.publishFailures[.tooLarge].value == 1)
        #expect(fixture.breaker.snapshot.phase == .closed)
        await fixture.channel.close(deadline: .seconds(1))
    }

    @Test("a batch that the broker refuses as a whole is sent one by one, and nobody is blamed")
    func wholeBatch() async throws {
        let fixture = try await PublishingFixture()
        fixture.cluster.pushRequestErrors(apiKey: 0, [KafkaError.messageTooLarge])
        let outcomes = await fixture.publisher.submit(fixture.records(["a", "b", "c"])).outcomes()
        #expect(outcomes.allSatisfy { if case .acknowledged = $0 { true } else { false } }, "\(outcomes)")
        await fixture.channel.close(deadline: .seconds(1))
    }

    @Test("what cannot be signed is an outage, not the record's fault")
    func signing() async throws {
        let fixture = try await PublishingFixture(signer: BrokenSigner())
        let outcomes = await fixture.publisher.submit(fixture.records(["a", "b"])).outcomes()
        #expect(outcomes == Array(repeating: .outage(message: "signing failed: the key is gone"), count: 2))
        #expect(fixture.breaker.snapshot.phase == .open)
        await fixture.channel.close(deadline: .zero)
    }

    @Test("what waits in the client is given up as not sent, and opens no circuit")
    func giveUp() async throws {
        let fixture = try await PublishingFixture()
        try fixture.cluster.setBrokerDown(1)
        let submission = fixture.publisher.submit(fixture.records(["a", "b"]))
        try await eventually("both are queued") { fixture.channel.producer.outstanding == 2 }
        fixture.publisher.giveUpQueued()
        #expect(await submission.outcomes() == [.notSent, .notSent])
        #expect(fixture.breaker.snapshot.phase == .closed)
        try await eventually { fixture.publisher.unreachable?.contains("no broker answers") == true }
        await fixture.channel.close(deadline: .zero)
    }

    @Test("everything settles when the channel closes while brokers are away, and afterwards nothing is sent")
    func closing() async throws {
        let fixture = try await PublishingFixture()
        try fixture.cluster.setBrokerDown(1)
        let submission = fixture.publisher.submit(fixture.records((0..<100).map { "op-\($0)" }))
        await fixture.channel.close(deadline: .zero)
        #expect(await submission.outcomes().allSatisfy { $0 == .notSent })
        #expect(await fixture.publisher.submit(fixture.records(["late"])).outcomes() == [.notSent])
        #expect(fixture.metrics.publishFailures[.outage].value == 0)
    }

    @Test("a message carries the headers of the contract; those passed on never override them")
    func headers() async throws {
        let fixture = try await PublishingFixture { $0.output.key = .none }
        let opId = "123E4567-e89b-12d3-a456-426614174000"
        var records = fixture.records([opId, "not a uuid"])
        records[0].stored.headers = #"{"ce_id":"forged","traceparent":"t","n":5,"z":null,"x":"y"}"#
        records[1].stored.headers = "no json"
        _ = await fixture.publisher.submit(records).outcomes()
        let published = try await fixture.published(2)
        let first = try #require(published.first { $0.header("ce_id") == opId })
        #expect(first.key == nil)
        #expect(
            first.headers.map(\.name) == [
                "content-type", "_watermill_message_uuid", "ce_specversion", "ce_id", "ce_source", "ce_type", "ce_time",
                "traceparent", "x",
            ])
        #expect(first.header("content-type") == "application/vnd.dsse.envelope.v1+json")
        #expect(first.header("_watermill_message_uuid") == opId)
        #expect(first.header("ce_source") == "/trustlog" && first.header("ce_type") == "trustlog.operation.v1")
        #expect(first.header("ce_time") == "2023-11-14T22:13:20.123456Z")
        let second = try #require(published.first { $0.header("ce_id") == "not a uuid" })
        #expect(second.headers.count == 7)
        #expect(second.header("_watermill_message_uuid")?.utf8.count == 36)
        await fixture.channel.close(deadline: .seconds(1))
    }

    @Test("a fatal error costs one producer: the next records go by another")
    func fatal() async throws {
        let fixture = try await PublishingFixture()
        _ = await fixture.publisher.submit(fixture.records(["a"])).outcomes()
        let first = fixture.channel.producer
        fixture.cluster.pushRequestErrors(apiKey: 0, [KafkaError.outOfOrderSequence])
        let outcomes = await fixture.publisher.submit(fixture.records(["b", "c"])).outcomes()
        for outcome in outcomes {
            guard case .outage = outcome else {
                Issue.record("a record was blamed: \(outcome)")
                continue
            }
        }
        try await eventually("another producer is made") { fixture.channel.producer !== first }
        let again = await fixture.publisher.submit(fixture.records(["b", "c"])).outcomes()
        #expect(again.allSatisfy { if case .acknowledged = $0 { true } else { false } }, "\(again)")
        #expect(fixture.breaker.snapshot.phase == .closed)
        #expect(fixture.logs.contains("a producer ended and is made anew", atLeast: .error))
        await fixture.channel.close(deadline: .seconds(1))
    }

    @Test("a full queue is waited for, and nothing is dropped")
    func fullQueue() async throws {
        let fixture = try await PublishingFixture(producer: ["queue.buffering.max.messages": "10"])
        let outcomes = await fixture.publisher.submit(fixture.records((0..<300).map { "op-\($0)" })).outcomes()
        #expect(outcomes.allSatisfy { if case .acknowledged = $0 { true } else { false } })
        await fixture.channel.close(deadline: .seconds(1))
    }

    @Test("keys always hash alike, in every process")
    func hash() {
        #expect(stableHash("") == 0xcbf2_9ce4_8422_2325)
        #expect(stableHash("a") == 0xaf63_dc4c_8601_ec8c)
    }
}
