import Synchronization

@testable import TrustlogAdmin

/// Both clocks, moved by hand; the wall clock begins at 2026-01-02T03:04:05Z.
final class FakeClock: Sendable {
    private let nanoseconds = Atomic<Int64>(1_000_000_000)
    private let wallOffset = Atomic<Int64>(1_767_323_044_000_000)

    func advance(seconds: Int64) {
        nanoseconds.add(seconds * 1_000_000_000, ordering: .relaxed)
    }

    func stepWallClock(seconds: Int64) {
        wallOffset.add(seconds * 1_000_000, ordering: .relaxed)
    }

    var health: HealthClock {
        HealthClock(
            monotonic: { self.nanoseconds.load(ordering: .relaxed) },
            wall: { self.wallOffset.load(ordering: .relaxed) + self.nanoseconds.load(ordering: .relaxed) / 1_000 })
    }
}

extension [HealthCheck] {
    var hold: Bool { allSatisfy { $0.ok } }
}
