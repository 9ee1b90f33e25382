import TrustlogTestKit

/// How long the acceptance tests take: short in every `make test`, in full by `make test-faults` and `make soak`.
enum Scale {
    static let isFull = environmentVariable("TRUSTLOG_ACCEPTANCE_FULL") == "1"
    static let isSoak = environmentVariable("TRUSTLOG_SOAK") == "1"

    /// Operations of the main run. In the short form the servers take fewer, as everywhere below.
    static func operations(on database: DatabaseKind) -> Int {
        let short = database == .sqlite ? 5_000 : 2_000
        return environmentVariable("TRUSTLOG_ACCEPTANCE_OPERATIONS").flatMap { Int($0) } ?? (isFull ? 50_000 : short)
    }

    /// A bound in seconds that is promised. Held in the full form alone: a duration depends on the machine.
    static func bound(_ seconds: Int) -> Duration { .seconds(isFull ? seconds : 120) }

    /// How long an orderly end may take: `shutdown.timeout`, which is 10 s, and the process's own start and end.
    static let shutdown = bound(12)

    /// How long the broker is away.
    static let outage: Duration = .seconds(isFull ? 60 : 10)

    /// How often the process is killed.
    static func kills(on database: DatabaseKind) -> Int { isFull || database == .sqlite ? 10 : 3 }

    /// How long applications write beside it.
    static let tortureSeconds = isFull ? 60 : 8

    /// How long the database is away.
    static let databaseOutage: Duration = .seconds(isFull ? 30 : 3)

    /// How often the database's connections are cut.
    static let cuts = isFull ? 60 : 5

    /// How often a replica is paused.
    static let pauses = isFull ? 8 : 1

    /// How often it is ended and started again.
    static func restarts(on database: DatabaseKind) -> Int { isFull || database == .sqlite ? 3 : 1 }
}
