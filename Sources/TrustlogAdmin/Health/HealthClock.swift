import Glibc

/// The two clocks that health is told by.
package struct HealthClock: Sendable {
    /// Nanoseconds since any fixed moment; never steps, and stands while the machine sleeps, as the loops do.
    package let monotonic: @Sendable () -> Int64
    /// Microseconds since 1970 in UTC.
    package let wall: @Sendable () -> Int64

    package init(monotonic: @escaping @Sendable () -> Int64, wall: @escaping @Sendable () -> Int64) {
        self.monotonic = monotonic
        self.wall = wall
    }

    package static let system = HealthClock(
        monotonic: { read(CLOCK_MONOTONIC) }, wall: { read(CLOCK_REALTIME) / 1_000 })

    private static func read(_ clock: clockid_t) -> Int64 {
        var time = timespec()
        clock_gettime(clock, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }

    /// What the wall clock showed, or will show, at a moment of the monotonic one.
    func wallTime(at moment: Int64) -> WallTime {
        WallTime(microseconds: wall() - (monotonic() - moment) / 1_000)
    }
}
