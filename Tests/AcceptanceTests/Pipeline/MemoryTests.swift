import Testing
import TrustlogTestKit

extension AcceptanceSuite {
    @Suite("Memory")
    struct Memory {
        private static let limit = 150 << 20

        @Test("a backlog is worked off within 150 MB")
        func short() async throws {
            let peak = try await peakResident(backlog: 40_000)
            #expect(peak < Self.limit, "\(peak >> 20) MiB")
        }

        @Test(
            "a backlog of 2,000,000 messages takes no more than a quarter more than one of 300,000",
            .enabled(if: Scale.isSoak, "`make soak` runs it"))
        func soak() async throws {
            let small = try await peakResident(backlog: 300_000)
            let large = try await peakResident(backlog: 2_000_000)
            print("soak: peak resident size \(small >> 20) MiB with 300,000, \(large >> 20) MiB with 2,000,000")
            #expect(Double(large) <= 1.25 * Double(small), "\(small >> 20) MiB and \(large >> 20) MiB")
            #expect(large < Self.limit, "\(large >> 20) MiB")
        }

        /// The largest resident size while a backlog is worked off, in bytes.
        private func peakResident(backlog: Int) async throws -> Int {
            let sidecar = try await Sidecar.make()
            var generator = OperationGenerator(seed: 9, objects: 10_000, name: "backlog")
            var left = backlog
            while left > 0 {
                let chunk = min(left, 50_000)
                try await sidecar.produce(generator.take(chunk))
                left -= chunk
            }
            let process = try await sidecar.run()
            try await sidecar.awaitTrustlogged(
                backlog, by: process, within: .seconds(60 + backlog / 2_000))
            let peak = try #require(process.peakResidentBytes)
            #expect(try await process.stop() == .exited(0))
            return peak
        }
    }
}
