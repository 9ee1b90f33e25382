/// What the process tells its caller. 64, 69 and 78 are those of `sysexits.h`.
package struct ExitCode: Sendable, Hashable {
    package let rawValue: Int32

    package init(rawValue: Int32) {
        self.rawValue = rawValue
    }

    /// Done.
    package static let success = ExitCode(rawValue: 0)
    /// Tried and failed; also: no such cursor, row or file.
    package static let failure = ExitCode(rawValue: 1)
    /// Evidence is invalid or incomplete.
    package static let evidence = ExitCode(rawValue: 2)
    /// The command line is wrong (`EX_USAGE`).
    package static let usage = ExitCode(rawValue: 64)
    /// A broker or database does not answer (`EX_UNAVAILABLE`).
    package static let unreachable = ExitCode(rawValue: 69)
    /// The settings are wrong (`EX_CONFIG`).
    package static let configuration = ExitCode(rawValue: 78)
}
