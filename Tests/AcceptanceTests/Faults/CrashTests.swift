import Testing
import TrustlogTestKit

extension AcceptanceSuite {
    @Suite("SIGKILL and SIGTERM while operations stream in")
    struct Crashes {
        /// Short times, so that what a killed process held is free again soon.
        private static let settings = [
            "input.session-timeout": "6s", "cursor.lease": "3s", "cursor.max-in-flight": "\(inFlight)",
            "cursor.batch-size": "50",
        ]
        private static let inFlight = 500

        @Test(
            "kills at any moment lose nothing, and repeat no more than what was in flight, byte for byte",
            arguments: DatabaseKind.available)
        func killed(on database: DatabaseKind) async throws {
            let kills = Scale.kills(on: database)
            let sidecar = try await Sidecar.make(on: database, settings: Self.settings)
            var random = SeededRandom(seed: 42)
            let stream = OperationStream(into: sidecar, seed: 4)
            var bursts = OperationGenerator(seed: 7, name: "burst")
            var produced = 0
            for kill in 0..<kills {
                // The last ones without a name: the group then waits for the session of the killed member.
                let process = try sidecar.launch(kill < kills - min(2, kills / 3) ? ["instance.id": "one"] : [:])
                if kill % 4 == 3 {
                    // In the middle of its start.
                    try await Task.sleep(for: .milliseconds(Int.random(in: 20...400, using: &random)))
                } else {
                    let before = try await sidecar.trustlogged()
                    try await eventually(within: Scale.bound(6 + 3 + 8), "work goes on within session and lease time") {
                        try await sidecar.trustlogged() > before
                    }
                    // A burst, so that a lot is in flight.
                    try await sidecar.produce(bursts.take(2_000))
                    produced += 2_000
                    try await Task.sleep(for: .milliseconds(Int.random(in: 0...200, using: &random)))
                }
                #expect(process.process.isRunning, "it ended by itself: \(process.logText.suffix(2_000))")
                try await process.process.killAndWait()
            }
            produced += try await stream.stop()
            let process = try await sidecar.run()
            try await sidecar.awaitTrustlogged(produced, by: process)
            #expect(try await process.stop() == .exited(0))

            let evidence = try await sidecar.evidence()
            #expect(evidence.faults == "")
            #expect(evidence.rows == produced)
            #expect(evidence.trustlogged == produced)
            #expect(evidence.distinctOpIds == produced)
            #expect(evidence.repeats <= kills * Self.inFlight, "repeats: \(evidence.repeats)")
            try await sidecar.expectValidSignatures(distinct: produced)
        }

        @Test(
            "SIGTERM in the middle of work ends with exit code 0 in time, and nothing is repeated after the restart",
            arguments: DatabaseKind.available)
        func terminated(on database: DatabaseKind) async throws {
            let timeout = Scale.isFull ? "10s" : "30s"
            let sidecar = try await Sidecar.make(
                on: database, settings: Self.settings.merging(["shutdown.timeout": timeout]) { $1 })
            let stream = OperationStream(into: sidecar, seed: 5, chunk: 800)
            for _ in 0..<Scale.restarts(on: database) {
                let before = try await sidecar.trustlogged()
                let process = try await sidecar.run()
                try await eventually("work goes on") {
                    try await sidecar.trustlogged() > before
                }
                #expect(try await process.stop(within: Scale.shutdown) == .exited(0))
            }
            let produced = try await stream.stop()
            let process = try await sidecar.run()
            try await sidecar.awaitTrustlogged(produced, by: process)
            #expect(try await process.stop(within: Scale.shutdown) == .exited(0))

            let evidence = try await sidecar.evidence()
            #expect(evidence.faults == "")
            #expect(evidence.distinctOpIds == produced)
            #expect(evidence.repeats == 0)
        }

        @Test("a second signal ends it at once")
        func secondSignal() async throws {
            // Nothing to reach, so that the shutdown has something to wait for.
            let sidecar = try await Sidecar.withoutTopics(bootstrap: "127.0.0.1:\(try FreePort.find())")
            let process = try await sidecar.run()
            process.process.terminate()
            // Signals of one moment are one.
            try await Task.sleep(for: .milliseconds(600))
            process.process.terminate()
            try await process.process.wait(within: Scale.bound(5))
        }
    }
}
