import KafkaClient
import Testing

@testable import TrustlogService

@Suite("Start position")
struct StartPositionTests {
    private func start(_ offset: Int64?, _ metadata: String?, stored: Int64?) -> StartPosition {
        StartPosition(
            committed: PartitionOffset(partitionZero, offset: offset, metadata: metadata), stored: stored,
            databaseID: "db-1")
    }

    @Test("without a commit it starts at the earliest offset, whatever the database knows", arguments: [nil, 40])
    func noCommit(stored: Int64?) {
        #expect(start(nil, nil, stored: stored) == start(nil, "trustlog:db-1", stored: stored))
        #expect(start(nil, nil, stored: stored).offset == nil)
        #expect(start(nil, nil, stored: stored).warning == nil)
    }

    @Test(
        "a commit that an operator made is obeyed without a word", arguments: [nil, "", "somebody"])
    func foreignCommit(metadata: String?) {
        let start = start(50, metadata, stored: 40)
        #expect(start.offset == 50 && start.warning == nil)
    }

    @Test("a commit made under trustlog-only is obeyed, with a warning that its operations are not in the database")
    func directCommit() {
        let start = start(50, "trustlog:none", stored: 40)
        #expect(start.offset == 50)
        #expect(start.warning?.contains("50") == true && start.warning?.contains("trustlog-only") == true)
    }

    @Test(
        "without a database every commit is obeyed without a word", arguments: ["trustlog:none", "trustlog:db-1", nil])
    func noDatabase(metadata: String?) {
        let commit = PartitionOffset(partitionZero, offset: 50, metadata: metadata)
        let start = StartPosition(committed: commit, stored: nil, databaseID: nil)
        #expect(start.offset == 50 && start.warning == nil)
    }

    @Test("a commit of this database that it knows is obeyed", arguments: [50, 51])
    func own(stored: Int64) {
        let start = start(50, "trustlog:db-1", stored: stored)
        #expect(start.offset == 50 && start.warning == nil)
    }

    @Test("a database that is behind its own commit was restored: it starts where the database is, naming both")
    func restored() throws {
        let start = start(50, "trustlog:db-1", stored: 40)
        #expect(start.offset == 40)
        let warning = try #require(start.warning)
        #expect(warning.contains("restored") && warning.contains("50") && warning.contains("40"))
        #expect(warning.contains("operations[0]"))
    }

    @Test("a database that knows nothing of its own commit starts at the earliest offset")
    func restoredToBefore() throws {
        let start = start(50, "trustlog:db-1", stored: nil)
        #expect(start.offset == nil)
        #expect(try #require(start.warning).contains("earliest"))
    }

    @Test("a commit made with another database is obeyed, with a warning that names both", arguments: [nil, 40])
    func otherDatabase(stored: Int64?) throws {
        let start = start(50, "trustlog:db-2", stored: stored)
        #expect(start.offset == 50)
        let warning = try #require(start.warning)
        #expect(warning.contains("db-1") && warning.contains("db-2"))
    }

    @Test("the metadata of a commit reads back as it was written")
    func metadata() {
        #expect(CommitMetadata(CommitMetadata.database("db-1").description) == .database("db-1"))
        #expect(CommitMetadata.database("db-1").description == "trustlog:db-1")
        #expect(CommitMetadata(CommitMetadata.noDatabase.description) == .noDatabase)
        #expect(CommitMetadata("trustlo") == nil)
    }
}
