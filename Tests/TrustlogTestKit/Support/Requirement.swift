import Glibc
package import Testing

/// Something on the machine that a test cannot do without.
///
/// A test whose requirement is missing is skipped, and the reason is printed; with `TRUSTLOG_REQUIRE_SERVERS=1` it fails.
package struct Requirement: Sendable {
    package let name: String
    /// What is missing, with what to do about it; nil if all is there.
    package let missing: @Sendable () -> String?

    package init(_ name: String, missing: @escaping @Sendable () -> String?) {
        self.name = name
        self.missing = missing
    }

    /// Whether a missing requirement is a failure.
    package static var isEnforced: Bool { environmentVariable("TRUSTLOG_REQUIRE_SERVERS") == "1" }

    /// A program in `PATH`.
    package static func program(_ name: String) -> Requirement {
        Requirement(name) { FileTree.program(name) == nil ? "no \(name) in PATH: run `make setup-test`" : nil }
    }

    package static let kafka = Requirement("Kafka broker") { KafkaBroker.whatIsMissing }
    package static let postgreSQL = Requirement("PostgreSQL") { PostgreSQLServer.whatIsMissing }
    package static let mariaDB = Requirement("MariaDB") { MariaDBServer.whatIsMissing }
    package static let toxiproxy = Requirement("Toxiproxy") { Toxiproxy.whatIsMissing }
    package static let trustlogBinary = Requirement("trustlog") { TrustlogBinary.whatIsMissing }
    package static let kcat = program("kcat")
    package static let sqlite3 = program("sqlite3")
    package static let openssl = program("openssl")
    package static let promtool = program("promtool")
    package static let python = Requirement("Python verifiers") { PythonVerifier.whatIsMissing }
}

extension Trait where Self == ConditionTrait {
    /// Skips the test where something is missing, saying what; fails it under `TRUSTLOG_REQUIRE_SERVERS=1`.
    package static func requires(_ requirements: Requirement...) -> Self {
        requires(requirements)
    }

    package static func requires(_ requirements: [Requirement]) -> Self {
        .enabled("everything it needs is on this machine") {
            let missing = requirements.compactMap { requirement in
                requirement.missing().map { "\(requirement.name): \($0)" }
            }
            guard !missing.isEmpty else { return true }
            let reason = missing.joined(separator: "; ")
            if Requirement.isEnforced {
                throw CommandError("TRUSTLOG_REQUIRE_SERVERS=1, but \(reason)")
            }
            printToStandardError("skipped: \(reason)\n")
            return false
        }
    }
}

private func printToStandardError(_ text: String) {
    let bytes = Array(text.utf8)
    _ = write(STDERR_FILENO, bytes, bytes.count)
}
