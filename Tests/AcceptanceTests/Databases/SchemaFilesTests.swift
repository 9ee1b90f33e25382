import CommandLineTool
import Testing
import TrustlogTestKit

extension AcceptanceSuite {
    @Suite("The files in sql/")
    struct SchemaFiles {
        @Test(
            "each runs twice through the database's own client without a word; the test data shows every state in status",
            arguments: DatabaseKind.available)
        func load(database: DatabaseKind) async throws {
            let sidecar = try await Sidecar.make(on: database, partitions: 1)
            for file in [database.schemaFile, database.schemaFile, "test_data.sql", "test_data.sql"] {
                #expect(try await sidecar.database.load(file: "\(Checkout.root)/sql/\(file)") == "", "\(file)")
            }
            #expect(try await sidecar.query("SELECT seq FROM operation ORDER BY seq") == (1...9).map(String.init))
            let check = try await TrustlogBinary.run(["migrate", "--check"] + sidecar.options())
            #expect(check.code == 0, "\(check.errorText)")

            let states = try await sidecar.query(
                "SELECT trustlog_status, count(*) FROM operation GROUP BY trustlog_status")
            #expect(
                Set(states) == [
                    "NOT_TRUSTLOGGED|3", "FAILED|2", "TRUSTLOGGED|2", "NOT_REQUIRED|1", "DISCARDED|1",
                ])
            let result = try await TrustlogBinary.check(
                ["status", "-o", "json"] + sidecar.options(["admin.listen": "off"]))
            let status = try JSONValue(json: result.text)
            #expect(status["running"]?.boolValue == false)
            #expect(status["persisted"]?.integerValue == 9)
            #expect(
                status["persistedByStatus"] == [
                    "NOT_TRUSTLOGGED": 3, "FAILED": 2, "TRUSTLOGGED": 2, "NOT_REQUIRED": 1, "DISCARDED": 1,
                ])
            let screen = try await TrustlogBinary.check(["status"] + sidecar.options(["admin.listen": "off"]))
            #expect(
                screen.text.contains(
                    "9: 3 NOT_TRUSTLOGGED, 2 FAILED, 2 TRUSTLOGGED, 1 NOT_REQUIRED, 1 DISCARDED"), "\(screen.text)")
            // Three that wait, and the one that failed and is tried again.
            #expect(status["unlogged"]?["count"]?.integerValue == 4)
            #expect(status["retries"]?["pending"]?.integerValue == 1)
            #expect(status["retries"]?["due"]?.integerValue == 1)
            #expect(status["deadLetters"]?["count"]?.integerValue == 1)
            let reason = status["deadLetters"]?["reasons"]?.arrayValue?.first?["reason"]?.stringValue
            #expect(reason?.contains("message too large") == true)
            let cursors = status["cursors"]?.arrayValue ?? []
            #expect(
                cursors.map { "\($0["key"]?.stringValue ?? "") \($0["kind"]?.stringValue ?? "")" } == [
                    "before-the-audit bookmark", "publish-0 publish", "replay replay",
                ])
            #expect(cursors.map { $0["sequence"]?.integerValue } == [2, 5, 4])
        }

        @Test(
            "the test data is worked off by the program itself, and what became of it stays when it is loaded again",
            arguments: DatabaseKind.available)
        func worked(database: DatabaseKind) async throws {
            let sidecar = try await Sidecar.make(on: database, partitions: 1)
            _ = try await sidecar.database.load(file: "\(Checkout.root)/sql/\(database.schemaFile)")
            _ = try await sidecar.database.load(file: "\(Checkout.root)/sql/test_data.sql")
            let process = try await sidecar.run(["retry.interval": "1s"])
            // Two were TRUSTLOGGED before, three waited, one was due for a retry.
            try await sidecar.awaitTrustlogged(6, by: process)
            #expect(try await process.stop() == .exited(0))
            #expect(try await sidecar.database.load(file: "\(Checkout.root)/sql/test_data.sql") == "")
            let rest = try await sidecar.query(
                "SELECT trustlog_status FROM operation WHERE trustlog_status <> 'TRUSTLOGGED' ORDER BY seq")
            #expect(rest == ["FAILED", "NOT_REQUIRED", "DISCARDED"])
            #expect(try await sidecar.query("SELECT retry_status FROM trustlog_retry") == ["DEAD_LETTER"])
            try await sidecar.expectValidSignatures(distinct: 4)
        }
    }
}
