import CommandLineTool
import Testing
import TrustlogTestKit

extension AcceptanceSuite {
    @Suite("A dead-letter topic that does not exist")
    struct MissingDeadLetterTopic {
        @Test("the partition waits, status says why, nothing is created, and it goes on when somebody makes the topic")
        func waits() async throws {
            let sidecar = try await Sidecar.make(partitions: 2, deadLetterConfigs: nil)
            let process = try await sidecar.run()
            try await sidecar.kcat.produce(sidecar.input, key: "k", value: Array("poison".utf8), partition: 0)
            try await eventually("status names the partition that waits, and why") {
                let waiting = try await sidecar.status(of: process)["waiting"]?.arrayValue ?? []
                return waiting.contains { entry in
                    entry["topic"]?.stringValue == sidecar.input && entry["partition"]?.integerValue == 0
                        && entry["reason"]?.stringValue?.contains(sidecar.deadLetters) == true
                }
            }
            // The other partition is none of its business, nor is publishing.
            let operation = Array(Poison.operation("elsewhere").utf8)
            try await sidecar.kcat.produce(sidecar.input, key: "k", value: operation, partition: 1)
            try await sidecar.awaitTrustlogged(1, by: process)
            try await sidecar.kcat.produce(
                sidecar.input, key: "k", value: Array(Poison.operation("behind").utf8), partition: 0)
            #expect(try await sidecar.topics.list().contains(sidecar.deadLetters) == false)

            // Neither a restart passes the message.
            #expect(try await process.stop() == .exited(0))
            let second = try await sidecar.run()
            try await eventually("the partition waits again") {
                try await sidecar.status(of: second)["waiting"]?.arrayValue?.isEmpty == false
            }
            try await sidecar.createDeadLetterTopic()
            try await sidecar.awaitTrustlogged(2, by: second)
            try await eventually("the dead letter is there") {
                try await sidecar.kcat.count(sidecar.deadLetters, partitions: 1) > 0
            }
            let letters = try await sidecar.kcat.consume(sidecar.deadLetters, headers: true)
            #expect(letters.map(\.text) == ["poison"])
            #expect(letters.map { $0.header("__connect.errors.offset") } == ["0"])
            try await eventually("nothing waits any more") {
                try await sidecar.status(of: second)["waiting"]?.arrayValue?.isEmpty == true
            }
            #expect(try await second.stop() == .exited(0))
        }
    }
}
