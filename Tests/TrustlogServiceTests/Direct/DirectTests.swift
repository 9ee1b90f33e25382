import KafkaClient
import Observability
import Testing
import TrustlogCore
import TrustlogTestKit

@testable import TrustlogService

/// The mock cluster stores no offsets that come with a transaction: those are tried on a real broker, from the outside.
@Suite("trustlog-only", .timeLimit(.minutes(5)))
struct DirectTests {
    @Test("records and dead letters are published, signed, in order, and without a database")
    func wholeWay() async throws {
        let kafka = try PipelineCluster(partitions: 2)
        let sidecar = try await SidecarFixture(kafka.servers) { $0.strategy = .trustlogOnly }
        for partition: Int32 in 0..<2 {
            await kafka.feeder.send(
                (0..<100).map { sampleJSON("op-\(partition)-\($0)", doid: "86.1000/\(partition)") },
                partition: partition, headers: [("traceparent", "00-abc-def-01")])
        }
        await kafka.feeder.send([Array("poison".utf8)])
        try await eventually("everything is published") {
            sidecar.metrics.recordsPublished[.direct].value == 200
                && sidecar.metrics.deadLettered[.malformed].value == 1
        }
        #expect(sidecar.sidecar.breaker.phase == .closed)
        try await eventually("all is committed") { sidecar.sidecar.lag.map(\.1) == [0, 0] }
        await sidecar.stop()

        let published = try await read("trustlog", of: kafka.servers) { $0.count >= 200 }
        let verifier = EnvelopeVerifier(keys: [sidecar.publicKey])
        let verified = try published.map { try verifier.verify($0.value ?? []) }
        #expect(Set(verified.map(\.operation.opId)).count == 200 && published.count == 200)
        for partition in 0..<2 {
            let order = verified.map(\.operation).filter { $0.doid == "86.1000/\(partition)" }.map(\.opId)
            #expect(order == (0..<100).map { "op-\(partition)-\($0)" })
        }
        #expect(verified.allSatisfy { $0.source?.topic == "operations" })
        #expect(published.allSatisfy { $0.header("traceparent") == "00-abc-def-01" })
        let letters = try await read("operations.dead-letter", of: kafka.servers) { !$0.isEmpty }
        #expect(letters.map { $0.header("trustlog-error-code") } == ["malformed"])
        #expect(sidecar.store.count(.schemaState) == 0 && sidecar.store.persisted.isEmpty)
    }

    @Test("a broker that is away is waited for, the circuit says so, and a stop ends the waiting")
    func brokerAway() async throws {
        let kafka = try PipelineCluster()
        let sidecar = try await SidecarFixture(kafka.servers) {
            $0.strategy = .trustlogOnly
            $0.shutdownTimeout = .seconds(2)
        }
        await kafka.feeder.send([sampleJSON("a")])
        try await eventually { sidecar.metrics.recordsPublished[.direct].value == 1 }
        kafka.cluster.setTopicError("trustlog", KafkaError.topicAuthorizationFailed)
        await kafka.feeder.send([sampleJSON("b")])
        try await eventually("the circuit opens") {
            sidecar.sidecar.breaker.phase == .open && sidecar.metrics.publishFailures[.outage].value > 0
        }
        #expect(sidecar.metrics.deadLettered[.unpublishable].value == 0)
        #expect(sidecar.sidecar.lag.map(\.1) == [1], "what no transaction committed is lag")
        await sidecar.stop()
    }

    @Test("a partition that waits for its dead letter is told in the log, and again when it goes on")
    func toldWaiting() async throws {
        let kafka = try PipelineCluster()
        kafka.cluster.setTopicError("operations.dead-letter", KafkaError.unknownTopicOrPartition)
        let sidecar = try await SidecarFixture(kafka.servers) { $0.strategy = .trustlogOnly }
        await kafka.feeder.send([Array("poison".utf8)])
        try await eventually { !sidecar.sidecar.state.waiting.isEmpty }
        try await eventually {
            sidecar.logs.entries.contains {
                $0.level == .error && $0.message.contains("operations[0] waits")
                    && $0.message.contains("operations.dead-letter")
            }
        }
        kafka.cluster.setTopicError("operations.dead-letter", 0)
        try await eventually { sidecar.logs.contains("operations[0] goes on", atLeast: .notice) }
        #expect(sidecar.sidecar.state.waiting.isEmpty)
        await sidecar.stop()
    }

    @Test("a record that is called invalid while another is taken becomes a dead letter")
    func oneInvalid() async throws {
        let kafka = try PipelineCluster()
        await kafka.feeder.send([sampleJSON("a"), sampleJSON("b")])
        // The two together, then the first one alone.
        kafka.cluster.pushRequestErrors(apiKey: 0, [KafkaError.invalidRecord, KafkaError.invalidRecord])
        let sidecar = try await SidecarFixture(kafka.servers) { $0.strategy = .trustlogOnly }
        try await eventually {
            sidecar.metrics.deadLettered[.unpublishable].value == 1
                && sidecar.metrics.recordsPublished[.direct].value == 1
        }
        await sidecar.stop()
        let letters = try await read("operations.dead-letter", of: kafka.servers) { !$0.isEmpty }
        #expect(letters.map { $0.header("trustlog-error-code") } == ["unpublishable"])
        #expect(letters.map(\.value) == [sampleJSON("a")])
    }

    @Test("a topic that calls every record invalid makes no dead letter: it is waited for")
    func everyInvalid() async throws {
        let kafka = try PipelineCluster()
        await kafka.feeder.send([sampleJSON("a"), sampleJSON("b")])
        kafka.cluster.pushRequestErrors(apiKey: 0, Array(repeating: KafkaError.invalidRecord, count: 1_000))
        let sidecar = try await SidecarFixture(kafka.servers) { $0.strategy = .trustlogOnly }
        try await eventually {
            sidecar.sidecar.breaker.reason?.contains("it refuses others as well") == true
        }
        #expect(sidecar.metrics.deadLettered[.unpublishable].value == 0)
        kafka.cluster.clearRequestErrors(apiKey: 0)
        try await eventually { sidecar.metrics.recordsPublished[.direct].value == 2 }
        #expect(sidecar.metrics.deadLettered[.unpublishable].value == 0)
        await sidecar.stop()
    }
}
