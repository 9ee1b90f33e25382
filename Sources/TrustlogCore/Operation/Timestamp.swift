private import Glibc

/// A moment in UTC with microseconds, from 1970 to the end of 9999 (contract, section 1).
public struct Timestamp: Sendable, Hashable, Comparable {
    /// Microseconds since 1970-01-01T00:00:00Z, leap seconds not counted.
    public var microseconds: Int64

    /// What the contract allows: the years 1970 to 9999.
    package static let allowedMicroseconds: ClosedRange<Int64> = 0...253_402_300_799_999_999

    public init(microseconds: Int64) {
        self.microseconds = microseconds
    }

    /// The time by the system's clock.
    public static func now() -> Timestamp {
        var time = timespec()
        // It can only fail for a clock that does not exist.
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(microseconds: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000)
    }

    public static func < (left: Timestamp, right: Timestamp) -> Bool {
        left.microseconds < right.microseconds
    }
}
