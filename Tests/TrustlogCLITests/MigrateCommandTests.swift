import Testing

@Suite("trustlog migrate")
struct MigrateCommandTests {
    @Test("it creates the schema, says so, and finds nothing to do the second time")
    func migrate() async throws {
        let directory = try TemporaryDirectory()
        let url = "database.url=sqlite:\(directory.path)/t.db"
        let first = await trustlog("migrate", "--set", url)
        #expect(first.code == 0)
        #expect(first.output == "created the schema: version 1 (sqlite:\(directory.path)/t.db)\n")
        let second = await trustlog("migrate", "--set", url)
        #expect(second.code == 0)
        #expect(second.output == "the schema is up to date: version 1 (sqlite:\(directory.path)/t.db)\n")
    }

    @Test("--check is exit 1 before and 0 after, and makes nothing")
    func check() async throws {
        let directory = try TemporaryDirectory()
        let url = "database.url=sqlite:\(directory.path)/t.db"
        for _ in 0..<2 {
            let missing = await trustlog("migrate", "--check", "--set", url)
            #expect(missing.code == 1)
            #expect(missing.error.contains("holds no schema"))
            #expect(missing.error.contains("hint: 'trustlog migrate' creates it"))
        }
        #expect(await trustlog("migrate", "--set", url).code == 0)
        let there = await trustlog("migrate", "--check", "--set", url)
        #expect(there.code == 0)
        #expect(there.output.hasPrefix("the schema is there and usable: version 1 ("))
    }

    @Test("--print writes the SQL and touches no database")
    func print() async {
        let outcome = await trustlog("migrate", "--print", "--set", "database.url=sqlite:/no/such/folder/t.db")
        #expect(outcome.code == 0)
        #expect(outcome.output.contains("CREATE TABLE IF NOT EXISTS operation"))
        #expect(outcome.error.isEmpty)
        #expect(await trustlog("migrate", "--print", "--check").code == 64)
    }

    @Test("a database that cannot be opened is exit 69, and no password is shown")
    func unreachable() async {
        let outcome = await trustlog("migrate", "--set", "database.url=sqlite:/no/such/folder/t.db")
        #expect(outcome.code == 69)
        #expect(outcome.error.hasPrefix("error: the database cannot be used: "))
    }
}
