import CommandLineTool
import OperationStore
import Testing

@Suite("trustlog retries")
struct RetriesCommandTests {
    private func makeFixture() async throws -> OperatorFixture {
        let fixture = try await OperatorFixture(operations: 9)
        try await fixture.fail(
            [(1, "too-large: a"), (2, "too-large: a"), (3, "refused: b"), (4, "refused: b"), (5, "too-large: a")],
            dead: [1, 2, 3])
        return fixture
    }

    @Test("list counts the reasons first; JSON has the members of the contract, the longest failing first")
    func list() async throws {
        let fixture = try await makeFixture()
        let text = await fixture.run("retries", "list", "--limit", "2")
        #expect(text.code == 0)
        let lines = text.output.split(separator: "\n", omittingEmptySubsequences: false)
        #expect(lines[0] == "2 pending, 3 dead letters")
        #expect(
            lines[2...4].map { $0.split(separator: " ").joined(separator: " ") } == [
                "COUNT REASON", "3 too-large: a", "2 refused: b",
            ])
        #expect(lines[6].hasPrefix("OPID") && lines[7].hasPrefix("op-1 ") && lines[8].hasPrefix("op-2 "))
        #expect(lines[9] == "... and 3 more: --limit shows them")

        let json = await fixture.run("retries", "list", "-o", "json")
        let rows = try #require(try JSONValue(json: json.output).arrayValue)
        #expect(rows.map { $0["opId"]?.stringValue } == (1...5).map { "op-\($0)" })
        guard case .object(let members) = rows[0] else { return }
        #expect(
            members.map(\.name) == [
                "opId", "status", "retryCount", "nextRetryAt", "lastError", "firstFailedAt", "updatedAt",
            ])
        #expect(rows[0]["status"] == "DEAD_LETTER" && rows[0]["nextRetryAt"] == .null && rows[0]["retryCount"] == 1)
        #expect(rows[4]["status"] == "PENDING" && rows[4]["nextRetryAt"]?.stringValue?.utf8.count == 27)
        let jsonl = await fixture.run("retries", "list", "-o", "jsonl", "--limit", "3")
        #expect(jsonl.output.split(separator: "\n").count == 3)
    }

    @Test("filters add up, and op ids are one of them")
    func filters() async throws {
        let fixture = try await makeFixture()
        func listed(_ words: String...) async throws -> [String?] {
            let environment = ["TRUSTLOG_DATABASE_URL": "sqlite:\(fixture.directory.path)/t.db"]
            let outcome = await trustlog(["retries", "list", "-o", "json"] + words, environment: environment)
            return try #require(try JSONValue(json: outcome.output).arrayValue).map { $0["opId"]?.stringValue }
        }
        #expect(try await listed("--dead") == ["op-1", "op-2", "op-3"])
        #expect(try await listed("--dead", "--error", "too-large") == ["op-1", "op-2"])
        #expect(try await listed("--error", "refused", "op-1", "op-3", "op-4") == ["op-3", "op-4"])
        #expect(try await listed("--older-than", "1h") == [])
        #expect(try await listed("op-9") == [])
        #expect(await fixture.run("retries", "list", "--older-than", "soon").code == 64)
        #expect(await fixture.run("retries", "list", "--limit", "0").code == 64)
    }

    @Test("many rows are listed page by page, each once")
    func pages() async throws {
        let fixture = try await OperatorFixture(operations: 1_203)
        try await fixture.store.recordFailed(
            (1...1_203).map { PublishFailure(seq: $0, error: "e", delay: .zero) })
        let outcome = await fixture.run("retries", "list", "-o", "jsonl")
        let ids = try outcome.output.split(separator: "\n").map { try JSONValue(json: String($0))["opId"]?.stringValue }
        #expect(ids.count == 1_203 && Set(ids).count == 1_203)
        let text = await fixture.run("retries", "list")
        #expect(text.output.hasPrefix("1,203 pending, 0 dead letters\n"))
        #expect(text.output.hasSuffix("... and 1,103 more: --limit shows them\n"))
    }

    @Test("show adds the record; an unknown opId, and one with nothing to retry, are exit 1")
    func show() async throws {
        let fixture = try await makeFixture()
        let json = await fixture.run("retries", "show", "op-3", "-o", "json")
        let shown = try JSONValue(json: json.output)
        #expect(json.code == 0 && shown["lastError"] == "refused: b")
        #expect(shown["operation"]?["opId"] == "op-3" && shown["operation"]?["doPrefix"] == "86.1000")
        let text = await fixture.run("retries", "show", "op-3")
        #expect(text.output.contains("needs a decision") && text.output.contains(#"record        {"doPrefix""#))
        let unknown = await fixture.run("retries", "show", "nobody")
        #expect(unknown.code == 1 && unknown.error.contains("neither an operation nor a retry has this opId"))
        let fine = await fixture.run("retries", "show", "op-9")
        #expect(fine.code == 1 && fine.error.contains("its status is NOT_TRUSTLOGGED"))
    }

    @Test("requeue makes rows due at once with all their retries; it wants to be told which")
    func requeue() async throws {
        let fixture = try await makeFixture()
        let aimless = await fixture.run("retries", "requeue")
        #expect(aimless.code == 64 && aimless.error.contains("--all"))
        #expect(await fixture.run("retries", "requeue", "--all", "--dead").code == 64)
        #expect(await fixture.run("retries", "requeue", "op-1", "nobody").code == 1)
        #expect(try await fixture.store.operation(opId: "op-1")?.retry?.status == .deadLetter)
        let outcome = await fixture.run("retries", "requeue", "--dead", "--error", "too-large")
        #expect(outcome.code == 0)
        #expect(
            outcome.output
                == "requeued 2: due now; a running service tries them within retry.interval (30s)\n")
        let row = try #require(try await fixture.store.operation(opId: "op-1")?.retry)
        #expect(row.status == .pending && row.retryCount == 0)
        #expect(try await fixture.store.operation(opId: "op-3")?.retry?.status == .deadLetter)
        #expect(await fixture.run("retries", "requeue", "--error", "nothing such").output.hasPrefix("nothing matches"))
    }

    @Test("requeue takes --yes as discard does: it does the same, and names no row by itself")
    func requeueConfirmed() async throws {
        let fixture = try await makeFixture()
        #expect(await fixture.run("retries", "requeue", "--yes").code == 64)
        let outcome = await fixture.run("retries", "requeue", "op-1", "--yes")
        #expect(outcome.code == 0 && outcome.output.hasPrefix("requeued 1: due now"), "\(outcome.error)")
    }

    @Test("requeue gives a FAILED operation whose row was deleted a new one; show says that it would")
    func requeueUnlisted() async throws {
        let fixture = try await makeFixture()
        _ = try await fixture.store.discardRetries(RetryFilter(opIds: ["op-2"]))
        try fixture.execute("UPDATE operation SET trustlog_status = 'FAILED' WHERE op_id = 'op-2'")
        let shown = await fixture.run("retries", "show", "op-2")
        #expect(shown.code == 1 && shown.error.contains("'trustlog retries requeue' makes one"))
        #expect(await fixture.run("retries", "discard", "op-2", "--yes").code == 1)
        let outcome = await fixture.run("retries", "requeue", "op-2")
        #expect(outcome.code == 0 && outcome.output.hasPrefix("requeued 1: due now"))
        #expect(try await fixture.store.operation(opId: "op-2")?.retry?.status == .pending)
    }

    @Test("discard says what it would do, and does it with --yes only")
    func discard() async throws {
        let fixture = try await makeFixture()
        #expect(await fixture.run("retries", "discard", "--yes").code == 64)
        let preview = await fixture.run("retries", "discard", "--dead")
        #expect(preview.code == 64)
        #expect(
            preview.output == """
                would discard 3, of them 3 dead letters:
                  op-1  DEAD_LETTER  too-large: a
                  op-2  DEAD_LETTER  too-large: a
                  op-3  DEAD_LETTER  refused: b

                """)
        #expect(preview.error.contains("nothing was done: --yes is missing"))
        #expect(try await fixture.status("op-1") == .failed)
        let done = await fixture.run("retries", "discard", "--dead", "--yes")
        #expect(done.code == 0 && done.output == discarded(3))
        #expect(try await fixture.status("op-1") == .discarded)
        #expect(try await fixture.status("op-4") == .failed)
        #expect(try await fixture.store.retries(RetryFilter(), after: nil, limit: 9).map(\.opId) == ["op-4", "op-5"])
    }

    private func discarded(_ count: Int) -> String {
        "discarded \(count): their operations, as far as they are there and unpublished, are DISCARDED\n"
    }

    @Test("discard claims nothing of an operation that is gone or published")
    func discardWithoutOperation() async throws {
        let fixture = try await makeFixture()
        try fixture.execute("DELETE FROM operation WHERE op_id = 'op-1'")
        try fixture.execute("UPDATE operation SET trustlog_status = 'TRUSTLOGGED' WHERE op_id = 'op-2'")
        let done = await fixture.run("retries", "discard", "op-1", "op-2", "--yes")
        #expect(done.code == 0 && done.output == discarded(2))
        #expect(try await fixture.status("op-1") == nil)
        #expect(try await fixture.status("op-2") == .trustlogged)
    }

    @Test("without a schema it is exit 1, without a table (trustlog-only) 78")
    func noTable() async throws {
        let directory = try TemporaryDirectory()
        let environment = ["TRUSTLOG_DATABASE_URL": "sqlite:\(directory.path)/none.db"]
        let none = await trustlog("retries", "list", environment: environment)
        #expect(none.code == 1 && none.error.contains("holds no schema"))
        let direct = await trustlog("retries", "list", "--set", "strategy=trustlog-only", environment: environment)
        #expect(direct.code == 78 && direct.error.contains("no table of operations"))
        let away = await trustlog(
            "retries", "list", "--timeout", "1s", "--set", "database.url=postgresql://u@127.0.0.1:1/x")
        #expect(away.code == 69)
    }
}
