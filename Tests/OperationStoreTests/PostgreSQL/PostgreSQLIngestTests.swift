import OperationStore
import Testing
import TrustlogCore
import TrustlogTestKit

@Suite("PostgreSQL: rows that somebody else decides about", .requires(.postgreSQL))
struct PostgreSQLIngestTests {
    private func insert(_ opId: String, opType: String) -> String {
        """
        INSERT INTO operation (op_id, op_timestamp, op_source, op_type, do_prefix, do_repository, doid, producer_id,
            op_actor)
        VALUES ('\(opId)', '2023-11-14 22:13:20.123456+00', 'IRP', '\(opType)', '86.1000', '86.1000/repository',
            '86.1000/object', 'producer-1', 'actor-1')
        """
    }

    /// Persists three rows while another transaction holds the second one's identity, and ends that transaction.
    private func outcomes(opType: String, ending: String) async throws -> [PersistResult.Outcome] {
        var outcomes: [PersistResult.Outcome] = []
        try await PostgreSQLTestDatabase.withStore { store, database in
            try await store.insert("before")
            let rival = try RawPostgreSQL(url: database.url)
            try rival.query("BEGIN; \(insert("b", opType: opType))")
            async let result = store.persist(batch(["a", "b", "c"].map { sampleOperation($0) }))
            let observer = try RawPostgreSQL(url: database.url)
            try await eventually("the batch waits for the other transaction") {
                try observer.query(
                    "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
                ).count > 0
            }
            try rival.query(ending)
            outcomes = try await result.outcomes
        }
        return outcomes
    }

    @Test(
        "a row that another transaction commits meanwhile is a duplicate or a conflict; rolled back, it was never there"
    )
    func rival() async throws {
        #expect(
            try await outcomes(opType: "OC_REGISTER", ending: "COMMIT") == [.inserted, .duplicate, .inserted])
        #expect(try await outcomes(opType: "OTHER", ending: "COMMIT") == [.inserted, .conflict, .inserted])
        #expect(try await outcomes(opType: "OTHER", ending: "ROLLBACK") == [.inserted, .inserted, .inserted])
    }

    private func trigger(_ body: String, _ rest: String = "BEFORE INSERT ON operation") -> String {
        """
        CREATE FUNCTION judge() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \(body) RETURN NEW; END $$;
        CREATE \(rest.contains("DEFERRED") ? "CONSTRAINT " : "")TRIGGER judge \(rest)
            FOR EACH ROW EXECUTE FUNCTION judge()
        """
    }

    private func isRefused(_ outcome: PersistResult.Outcome, _ text: String) -> Bool {
        if case .refused(let reason) = outcome { reason.contains(text) } else { false }
    }

    @Test(
        "a trigger's exception is the fault of the row that met it, whenever it is raised",
        arguments: ["BEFORE INSERT ON operation", "AFTER INSERT ON operation DEFERRABLE INITIALLY DEFERRED"])
    func raised(event: String) async throws {
        try await PostgreSQLTestDatabase.withStore { store, database in
            let body = "IF NEW.op_id = 'bad' THEN RAISE EXCEPTION 'not this one'; END IF;"
            try database.execute(trigger(body, event))
            let ids = (0..<40).map { "row-\($0)" } + ["bad"] + (40..<50).map { "row-\($0)" }
            let result = try await store.persist(batch(ids.map { sampleOperation($0) }))
            #expect(result.outcomes.filter { $0 == .inserted }.count == 50)
            #expect(isRefused(result.outcomes[40], "not this one"))
            #expect(result.positions.map(\.nextOffset) == [40])
            #expect(try await store.waiting(.all).map(\.opId) == ids.filter { $0 != "bad" })
        }
    }

    @Test("a row that a trigger drops is refused; a trigger that drops every row is nobody's fault")
    func dropped() async throws {
        try await PostgreSQLTestDatabase.withStore { store, database in
            try database.execute(trigger("IF NEW.op_id = 'bad' THEN RETURN NULL; END IF;"))
            let outcomes = try await store.persist(batch(["a", "bad", "b"].map { sampleOperation($0) })).outcomes
            #expect(outcomes[0] == .inserted && outcomes[2] == .inserted)
            #expect(isRefused(outcomes[1], "dropped"))
            try database.execute(
                "CREATE OR REPLACE FUNCTION judge() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$")
            await expectError(.unavailable) { try await store.persist(batch([sampleOperation("c")])) }
            #expect(try await store.operationCounts().total == 2)
        }
    }

    @Test("a constraint that refuses the probe too blames only the rows that it refuses")
    func constraintBeyondTheProbe() async throws {
        try await PostgreSQLTestDatabase.withStore { store, database in
            try database.execute("ALTER TABLE operation ADD CHECK (op_actor = 'actor-1')")
            var other = sampleOperation("other")
            other.opActor = "actor-2"
            let outcomes = try await store.persist(batch([sampleOperation("a"), other])).outcomes
            #expect(outcomes[0] == .inserted)
            #expect(isRefused(outcomes[1], "violates check constraint"))
        }
    }

    @Test("text with U+0000, which PostgreSQL cannot hold, is refused with its row alone")
    func null() async throws {
        try await PostgreSQLTestDatabase.withStore { store, _ in
            var broken = sampleOperation("broken")
            broken.opActor = "a\0b"
            let outcomes = try await store.persist(batch([broken, sampleOperation("a")])).outcomes
            #expect(isRefused(outcomes[0], ""))
            #expect(outcomes[1] == .inserted)
            #expect(try await store.operation(opId: "a\0") == nil)
            let seq = try #require(try await store.operation(opId: "a")).row.seq
            try await store.recordFailed([PublishFailure(seq: seq, error: "x\0y", delay: .seconds(1))])
            #expect(try await store.retries(RetryFilter(), after: nil, limit: 9).map(\.lastError) == ["x\u{FFFD}y"])
        }
    }

    @Test("a batch large enough to be copied comes out as a small one does, and keeps its order")
    func copied() async throws {
        try await PostgreSQLTestDatabase.withStore { store, database in
            // All new: copied.
            let new = (0..<300).map { sampleOperation("new-\($0)", extra: $0 % 2 == 0 ? #"{"n":1}"# : nil) }
            #expect(try await store.persist(batch(new)).outcomes.allSatisfy { $0 == .inserted })
            let stored = try await store.waiting(.all)
            #expect(stored.map(\.opId) == new.map(\.opId))
            for (row, operation) in zip(stored, new) {
                #expect(row.operation.map { Record.hasSameContent($0, operation) } == true)
            }
            #expect(try database.query("SELECT count(*) FROM operation WHERE client_ip IS NULL") == [["300"]])
            #expect(try await store.positions(group: "group", topic: "operations").map(\.nextOffset) == [300])

            // Some are there, one has other content, one is refused: nothing of the attempt is left.
            var mixed = (250..<450).map { sampleOperation("new-\($0)", extra: $0 % 2 == 0 ? #"{"n":1}"# : nil) }
            mixed[3].opActor = "somebody else"
            mixed[120].opType = ""
            let outcomes = try await store.persist(batch(mixed)).outcomes
            #expect(outcomes[3] == .conflict)
            #expect(isRefused(outcomes[120], "op_type"))
            #expect(outcomes.filter { $0 == .duplicate }.count == 49)
            #expect(outcomes.filter { $0 == .inserted }.count == 149)
            let expected = new.map(\.opId) + mixed[50...].map(\.opId).filter { $0 != "new-370" }
            #expect(try await store.waiting(.all).map(\.opId) == expected)
        }
    }

    @Test("where all rows but the last are refused, each is isolated")
    func manyRefused() async throws {
        try await PostgreSQLTestDatabase.withStore { store, _ in
            let operations = (0..<300).map { sampleOperation("bad-\($0)", opType: "") } + [sampleOperation("good")]
            let outcomes = try await store.persist(batch(operations)).outcomes
            #expect(outcomes.dropLast().allSatisfy { isRefused($0, "op_type") })
            #expect(outcomes.last == .inserted)
        }
    }
}
