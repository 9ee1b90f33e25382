import CommandLineTool
import OperationStore
import Testing

@Suite("trustlog cursors")
struct CursorsCommandTests {
    private func makeFixture() async throws -> OperatorFixture {
        let fixture = try await OperatorFixture(operations: 9)
        _ = try await fixture.store.acquireLease(
            key: "publish-0", owner: "host-1", length: .seconds(60), unchanged: nil)
        _ = try await fixture.store.renewLease(key: "publish-0", owner: "host-1", length: .seconds(60), position: 4)
        _ = try await fixture.store.setCursor(
            key: "replay", value: "replay 6 of 2..8 to copy (from op:op-2 to op:op-8)", expected: nil)
        _ = try await fixture.store.setCursor(key: "mark", value: "9", expected: nil)
        return fixture
    }

    @Test("list tells the three kinds apart, with the members of the contract")
    func list() async throws {
        let fixture = try await makeFixture()
        let json = await fixture.run("cursors", "list", "-o", "json")
        let cursors = try #require(try JSONValue(json: json.output).arrayValue)
        #expect(cursors.map { $0["key"] } == ["mark", "publish-0", "replay"])
        #expect(cursors.map { $0["kind"] } == ["bookmark", "publish", "replay"])
        #expect(cursors.map { $0["sequence"] } == [9, 4, 6])
        guard case .object(let members) = cursors[1] else { return }
        #expect(
            members.map(\.name) == [
                "key", "kind", "sequence", "time", "owner", "leaseUntil", "updatedAt", "lagSeconds",
            ])
        #expect(cursors[1]["owner"] == "host-1" && cursors[0]["owner"] == .null && cursors[0]["leaseUntil"] == .null)
        #expect(cursors.allSatisfy { $0["time"]?.stringValue?.utf8.count == 27 })
        #expect(cursors[0]["lagSeconds"] == 0)
        let text = await fixture.run("cursors", "list")
        #expect(text.output.split(separator: "\n").count == 4 && text.output.hasPrefix("KEY"))
    }

    @Test("show explains one; an unknown key is exit 1")
    func show() async throws {
        let fixture = try await makeFixture()
        let replay = await fixture.run("cursors", "show", "replay")
        #expect(replay.output.contains("seq 2 to 8 (from op:op-2 to op:op-8)") && replay.output.contains("copy"))
        #expect(await fixture.run("cursors", "show", "publish-0").output.contains("owner        host-1"))
        let json = await fixture.run("cursors", "show", "mark", "-o", "json")
        #expect(try JSONValue(json: json.output)["key"] == "mark")
        let unknown = await fixture.run("cursors", "show", "nobody")
        #expect(unknown.code == 1 && unknown.error.contains("there is no cursor 'nobody'"))
    }

    @Test("set makes a bookmark at a position; overwriting needs --yes; what is malformed or unknown says so")
    func set() async throws {
        let fixture = try await makeFixture()
        let made = await fixture.run("cursors", "set", "before upgrade", "op:op-5")
        #expect(made.code == 0 && made.output == "before upgrade stands at seq 5\n")
        let again = await fixture.run("cursors", "set", "before upgrade", "end")
        #expect(again.code == 64 && again.output == "would move before upgrade from '5' to seq 9\n")
        let moved = await fixture.run("cursors", "set", "before upgrade", "end", "--yes")
        #expect(moved.code == 0 && moved.output == "before upgrade stands at seq 9 (it stood at seq 5)\n")
        let malformed = await fixture.run("cursors", "set", "x", "somewhere")
        #expect(malformed.code == 64)
        #expect(malformed.error.contains("one of beginning, end, time:RFC3339, op:OPID, cursor:KEY"))
        #expect(await fixture.run("cursors", "set", "x", "op:nobody").code == 1)
        #expect(await fixture.run("cursors", "set", "x", "cursor:nobody").code == 1)
        #expect(await fixture.run("cursors", "set", "x", "time:2100-01-01T00:00:00Z").code == 1)
        #expect(await fixture.run("cursors", "set", "", "end").code == 64)
        #expect(await fixture.run("cursors", "set", "x").code == 64)
        #expect(await fixture.run("cursors", "show", "x").code == 1)
        let inReplay = await fixture.run("cursors", "set", "replay", "op:op-3", "--yes")
        #expect(inReplay.output == "replay stands at seq 3 (it stood at seq 6)\n")
        #expect(await fixture.run("cursors", "set", "replay", "end", "--yes").code == 64)
    }

    @Test("publishing cursors are refused with the reason")
    func publishing() async throws {
        let fixture = try await makeFixture()
        for outcome in [
            await fixture.run("cursors", "set", "publish-0", "end", "--yes"),
            await fixture.run("cursors", "delete", "publish-0", "--yes"),
            await fixture.run("cursors", "set", "publish-17", "beginning"),
        ] {
            #expect(outcome.code == 64 && outcome.error.contains("is a publishing cursor"))
        }
    }

    @Test("delete needs --yes; one that is not there is exit 1, one in use too")
    func delete() async throws {
        let fixture = try await makeFixture()
        let preview = await fixture.run("cursors", "delete", "mark")
        #expect(preview.code == 64 && preview.output == "would delete mark: 9\n")
        #expect(await fixture.run("cursors", "show", "mark").code == 0)
        #expect(await fixture.run("cursors", "delete", "mark", "--yes").code == 0)
        #expect(await fixture.run("cursors", "delete", "mark", "--yes").code == 1)
        _ = try await fixture.store.acquireLease(key: "replay", owner: "it", length: .seconds(60), unchanged: nil)
        let held = await fixture.run("cursors", "delete", "replay", "--yes")
        #expect(held.code == 1 && held.error.contains("is in use by it"))
    }
}
