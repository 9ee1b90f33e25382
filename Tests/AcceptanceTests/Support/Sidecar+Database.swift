import Testing
import TrustlogTestKit

extension Sidecar {
    /// Asks the database by its own command line. - Returns: lines, columns separated by `|`; none without a table.
    func query(_ sql: String) async throws -> [String] {
        do {
            return try await database.run(sql)
        } catch let error as CommandError where database.isMissingTable(error.description) {
            return []
        }
    }

    func count(where condition: String) async throws -> Int {
        try await query("SELECT count(*) FROM operation WHERE \(condition)").first.flatMap { Int($0) } ?? 0
    }

    func trustlogged() async throws -> Int {
        try await count(where: "trustlog_status = 'TRUSTLOGGED'")
    }

    /// The status of one operation; nil if there is no row.
    func rowStatus(_ opId: String) async throws -> String? {
        try await query("SELECT trustlog_status FROM operation WHERE op_id = '\(opId)'").first
    }

    /// Waits until that many rows are `TRUSTLOGGED`.
    func awaitTrustlogged(
        _ expected: Int, by process: TrustlogProcess? = nil, within limit: Duration = .seconds(300)
    ) async throws {
        var last = 0
        let reached = try await poll(within: limit) {
            last = try await trustlogged()
            if let process, !process.process.isRunning { return true }
            return last >= expected
        }
        guard reached, last >= expected else {
            let end = process?.process.status.map { "; the process ended: \($0)" } ?? ""
            throw CommandError(
                "\(last) of \(expected) rows are TRUSTLOGGED after \(limit)\(end)\n"
                    + ((try? FileTree.text(folder["log"])) ?? "").suffix(3_000))
        }
    }

    /// Waits until the dead-letter topic holds that many letters: they are sent beside what is published.
    func awaitDeadLetters(_ count: Int) async throws {
        try await eventually("\(count) dead letters are there") {
            try await kcat.count(deadLetters, partitions: 1) >= count
        }
    }
}
