import CommandLineTool
import Testing
import TrustlogTestKit

extension AcceptanceSuite {
    @Suite("Several replicas", .requires(.postgreSQL))
    struct Replicas {
        private static let inFlight = 500
        /// Shorter than the time between two kills: a group waits for the session of every member that did not leave it, and
        /// while one waits another must not be lost, or (without a name that comes back) partitions wait for both.
        private static let session = 3
        /// Shorter still, so that who takes a cursor over has published what waited before it is the next one killed.
        private static let lease = 2
        private static let kills = Scale.isFull ? 24 : 4

        @Test(
            "three of them on four partitions, one killed every five seconds: nothing is missing, order per key holds",
            arguments: [false, true])
        func killed(named: Bool) async throws {
            let sidecar = try await Sidecar.make(
                on: .postgresql,
                settings: [
                    "cursor.count": "4", "cursor.lease": "\(Self.lease)s",
                    "input.session-timeout": "\(Self.session)s",
                    "cursor.max-in-flight": "\(Self.inFlight)", "cursor.batch-size": "50",
                ])
            func launch(_ index: Int) throws -> TrustlogProcess {
                try sidecar.launch(named ? ["instance.id": "replica-\(index)"] : [:])
            }
            var replicas = try (0..<3).map { try launch($0) }
            try await eventually("each replica has a publishing cursor, none has three") {
                let shares = try await sidecar.cursorsByOwner()
                return shares.count == 3 && shares.reduce(0, +) == 4
            }
            let stream = OperationStream(into: sidecar, seed: named ? 31 : 32, chunk: 40)
            for kill in 0..<Self.kills {
                try await Task.sleep(for: .seconds(5))
                let victim = kill % 3
                #expect(
                    replicas[victim].process.isRunning, "it ended by itself: \(replicas[victim].logText.suffix(2_000))")
                try await replicas[victim].process.killAndWait()
                replicas[victim] = try launch(victim)
            }
            let produced = try await stream.stop()
            try await eventually("everything is published") {
                try await sidecar.trustlogged() == produced
            }
            for replica in replicas { #expect(try await replica.stop(within: Scale.shutdown) == .exited(0)) }

            let evidence = try await sidecar.evidence()
            #expect(evidence.faults == "")
            #expect(evidence.rows == produced && evidence.distinctOpIds == produced)
            #expect(evidence.repeats <= Self.kills * Self.inFlight, "repeats: \(evidence.repeats)")
            let delays = try await sidecar.longestDelays()
            print("The longest wait for the table: \(delays.ingest) s, for the topic: \(delays.publishing) s")
            // A duration depends on the machine: only `make test-faults` holds it against the bound.
            guard Scale.isFull else { return }
            let limit = Double(Self.session + 5)
            #expect(delays.ingest <= limit, "the longest wait for the table")
            #expect(delays.publishing <= limit, "the longest wait for the topic")
        }
    }
}

extension Sidecar {
    /// How many publishing cursors each process holds that holds any.
    fileprivate func cursorsByOwner() async throws -> [Int] {
        try await query("SELECT count(*) FROM trustlog_cursor WHERE owner IS NOT NULL GROUP BY owner")
            .compactMap { Int($0) }
    }

    /// In seconds: from the input topic to the table, and from there to the trustlog topic.
    fileprivate func longestDelays() async throws -> (ingest: Double, publishing: Double) {
        let publishing = try await query("SELECT extract(epoch FROM max(trustlogged_at - recorded_at)) FROM operation")
        var recorded: [KafkaPosition: Double] = [:]
        for line in try await query(
            "SELECT source_partition, source_offset, extract(epoch FROM recorded_at) FROM operation")
        {
            let parts = line.split(separator: "|")
            guard parts.count == 3, let partition = Int(parts[0]), let offset = Int(parts[1]) else { continue }
            recorded[KafkaPosition(partition: partition, offset: offset)] = Double(parts[2])
        }
        let delays = try await kcat.consume(input).compactMap { message in
            recorded[message.position].map { $0 - Double(message.timestamp) / 1_000 }
        }
        return (delays.max() ?? 0, publishing.first.flatMap { Double($0) } ?? 0)
    }
}
