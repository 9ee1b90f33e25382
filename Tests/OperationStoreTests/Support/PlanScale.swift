import TrustlogTestKit

/// How large the table is whose plans are looked at: `make test-faults` takes the full size.
enum PlanScale {
    static let rows = environmentVariable("TRUSTLOG_ACCEPTANCE_FULL") == "1" ? 1_000_000 : 50_000
    /// Of them, the last, that wait.
    static let waiting = 2_000
    static let retries = 20_000
}
