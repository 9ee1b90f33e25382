import TrustlogTestKit

/// How long the acceptance tests take: short in every `make test`, in full by `make test-faults` and `make soak`.
enum Scale {
    static let isFull = environmentVariable("TRUSTLOG_ACCEPTANCE_FULL") == "1"
    static let isSoak = environmentVariable("TRUSTLOG_SOAK") == "1"

    /// Operations of the main run.
    static let operations =
        environmentVariable("TRUSTLOG_ACCEPTANCE_OPERATIONS").flatMap { Int($0) } ?? (isFull ? 50_000 : 5_000)

    /// How long the broker is away.
    static let outage: Duration = isFull ? .seconds(60) : .seconds(10)
}
