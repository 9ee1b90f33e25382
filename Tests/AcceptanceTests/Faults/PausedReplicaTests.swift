import Testing
import TrustlogTestKit

extension AcceptanceSuite {
    @Suite("A replica that is paused past its session and its lease, and then goes on")
    struct PausedReplicas {
        private static let settings = [
            "input.session-timeout": "6s", "cursor.lease": "2s", "cursor.interval": "1s",
            "cursor.max-in-flight": "\(inFlight)",
        ]
        private static let inFlight = 1_000

        @Test(
            "only repeats what is true: nothing is lost, no status is without its envelope, first appearances are in order",
            arguments: DatabaseKind.some(.postgresql))
        func paused(on database: DatabaseKind) async throws {
            let settings = Self.settings.merging(["cursor.count": database == .sqlite ? "1" : "2"]) { $1 }
            let sidecar = try await Sidecar.make(on: database, settings: settings)
            let replicas = [
                try await sidecar.run(log: "log-0"), try await sidecar.run(log: "log-1"),
            ]
            let stream = OperationStream(into: sidecar, seed: 21, chunk: 200)
            var bursts = OperationGenerator(seed: 22, name: "burst")
            var produced = 0
            var random = SeededRandom(seed: 23)
            for pause in 0..<Scale.pauses {
                let victim = replicas[pause % 2]
                // A burst, so that it stops with a lot in hand.
                try await sidecar.produce(bursts.take(2_000))
                produced += 2_000
                try await Task.sleep(for: .milliseconds(Int.random(in: 0...300, using: &random)))
                victim.process.pause()
                let later = bursts.take(200)
                try await sidecar.produce(later)
                produced += later.count
                // SQLite: it may have stopped while it holds the write lock, and then nobody else can write.
                if database != .sqlite {
                    let names = later.map { "'\($0.opId)'" }.joined(separator: ", ")
                    try await eventually(within: Scale.bound(6 + 2 + 15), "the other one takes over everything") {
                        try await sidecar.count(where: "trustlog_status = 'TRUSTLOGGED' AND op_id IN (\(names))")
                            == later.count
                    }
                }
                try await Task.sleep(for: .seconds(7))
                victim.process.resume()
                try await eventually("it goes on by itself") {
                    await HTTP.status(port: victim.httpPort, path: "/livez") == 200
                }
            }
            produced += try await stream.stop()
            try await sidecar.awaitTrustlogged(produced)
            for replica in replicas {
                #expect(try await replica.stop() == .exited(0), "\(replica.logText.suffix(2_000))")
            }

            let evidence = try await sidecar.evidence()
            #expect(evidence.faults == "")
            #expect(evidence.rows == produced)
            #expect(evidence.trustlogged == produced)
            #expect(evidence.distinctOpIds == produced)
            #expect(evidence.repeats <= Scale.pauses * 2 * Self.inFlight, "repeats: \(evidence.repeats)")
            try await sidecar.expectValidSignatures(distinct: produced)
        }
    }
}
