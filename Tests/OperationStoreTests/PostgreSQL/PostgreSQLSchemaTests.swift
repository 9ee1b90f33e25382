import Testing
import TrustlogCore
import TrustlogTestKit

@testable import OperationStore

@Suite("PostgreSQL: the schema and the plans", .requires(.postgreSQL))
struct PostgreSQLSchemaTests {
    @Test("the text runs through psql, again, and several times at once, and makes one schema")
    func idempotent() async throws {
        try await PostgreSQLTestDatabase.with { database in
            let text = try readFile("sql/postgresql.sql")
            #expect(text.utf8.elementsEqual(SchemaText.sql(for: .postgreSQL).utf8))
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<6 {
                    group.addTask { try await database.server.psql(text, database: database.name) }
                }
                try await group.waitForAll()
            }
            let everything = """
                SELECT string_agg(x, E'\\n' ORDER BY x) FROM (
                    SELECT conrelid::regclass || ' ' || conname || pg_get_constraintdef(oid) FROM pg_constraint
                    UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'
                    UNION ALL SELECT version || database_id || applied_at FROM trustlog_schema) AS t (x)
                """
            let before = try database.query(everything)
            try await database.server.psql(text, database: database.name)
            #expect(try database.query(everything) == before)
            #expect(try database.query("SELECT count(*) FROM trustlog_schema") == [["1"]])
        }
    }

    @Test("tables and columns are named as the contract names them")
    func names() async throws {
        let expected = [
            "operation": """
            seq op_id op_timestamp op_source op_type do_prefix do_repository doid producer_id op_actor \
            request_body_hash response_body_hash client_ip server_ip extra source_topic source_partition \
            source_offset source_digest headers trustlog_status trustlogged_at trustlog_partition \
            trustlog_offset recorded_at bucket
            """,
            "trustlog_retry":
                "op_id retry_status retry_count next_retry_at last_error first_failed_at updated_at",
            "trustlog_cursor": "cursor_key cursor_value owner lease_until updated_at",
            "trustlog_consumer_offset": "group_id topic partition_id next_offset updated_at",
            "trustlog_schema": "version compatible_from database_id applied_at",
        ]
        try await PostgreSQLTestDatabase.withStore { _, database in
            for (table, columns) in expected {
                let found = try database.query(
                    """
                    SELECT string_agg(column_name, ' ' ORDER BY ordinal_position) FROM information_schema.columns
                    WHERE table_name = '\(table)'
                    """)
                #expect(found == [[columns]])
            }
        }
    }

    @Test("it lives in any schema of the search_path that the URL names")
    func searchPath() async throws {
        try await PostgreSQLTestDatabase.with { database in
            try database.execute("CREATE SCHEMA logs")
            let store = try database.open(url: "\(database.url)?options=-c%20search_path%3Dlogs")
            try await store.migrate()
            try await store.insert("a")
            #expect(try database.query("SELECT op_id FROM logs.operation") == [["a"]])
            await store.close()
            // Nobody finds it who looks elsewhere.
            let other = try database.open()
            await expectError(.schema) { try await other.waiting(.all) }
            #expect(try await other.schemaState() == nil)
            await other.close()
        }
    }

    @Test("a user who may not create tables needs no more than the grants of sql/README.md")
    func leastPrivilege() async throws {
        try await PostgreSQLTestDatabase.withStore { _, database in
            let role = "role_\(database.name)"
            try database.execute(
                """
                REVOKE ALL ON DATABASE \(database.name) FROM PUBLIC; REVOKE ALL ON SCHEMA public FROM PUBLIC;
                CREATE ROLE \(role) LOGIN; GRANT CONNECT ON DATABASE \(database.name) TO \(role);
                GRANT USAGE ON SCHEMA public TO \(role); GRANT SELECT ON trustlog_schema TO \(role);
                GRANT SELECT, INSERT ON operation TO \(role);
                GRANT UPDATE (trustlog_status, trustlogged_at, trustlog_partition, trustlog_offset) ON operation
                    TO \(role);
                GRANT SELECT, INSERT, UPDATE, DELETE ON trustlog_retry, trustlog_cursor TO \(role);
                GRANT SELECT, INSERT, UPDATE ON trustlog_consumer_offset TO \(role)
                """)
            let store = try database.open(
                url: "postgresql://\(role)@127.0.0.1:\(database.server.port)/\(database.name)")
            try await store.migrate()
            for (name, call) in StoreCalls.all {
                #expect(await errorOf { try await call(store) } == nil, "\(name)")
            }
            await store.close()
            try database.execute("DROP OWNED BY \(role); DROP ROLE \(role)")
        }
    }

    @Test("a database in another encoding is refused with the reason")
    func encoding() async throws {
        try await PostgreSQLTestDatabase.with { database in
            let name = "latin_\(database.name)"
            try await database.server.psql(
                "CREATE DATABASE \(name) ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0", database: "postgres")
            let store = try database.open(url: database.server.url(database: name))
            let error = await errorOf { try await store.migrate() }
            #expect(error?.message.contains("UTF8") == true)
            #expect(try await store.schemaState() == nil)
            await store.close()
            try await database.server.psql("DROP DATABASE \(name) WITH (FORCE)", database: "postgres")
        }
    }

    @Test("the test data shows every state and can be read")
    func testData() async throws {
        try await PostgreSQLTestDatabase.withStore { store, database in
            try await database.server.psql(try readFile("sql/test_data.sql"), database: database.name)
            let statuses = try database.query(
                "SELECT DISTINCT trustlog_status COLLATE \"C\" FROM operation ORDER BY 1")
            #expect(statuses.map { $0[0] } == OperationStatus.allCases.map(\.rawValue).sorted())
            let bounds = try #require(try await store.bounds())
            let rows = try await store.operations(in: bounds, limit: 1000, byteLimit: .max)
            #expect(rows.count > 5 && rows.allSatisfy { $0.operation != nil })
            #expect(try await store.statistics().deadLetters > 0)
            #expect(try await store.cursors().isEmpty == false)
        }
    }

    // MARK: Plans

    /// Many rows, of which some wait at the end, and retries that are due. `isAnalysed`: the statistics are of the time when
    /// all rows waited, as after a load of many.
    private static func fill(_ connection: RawPostgreSQL, count: Int, waiting: Int, isAnalysed: Bool) throws {
        try connection.query(
            """
            ALTER TABLE operation SET (autovacuum_enabled = false);
            INSERT INTO operation (op_id, op_timestamp, op_source, op_type, do_prefix, do_repository, doid, producer_id,
                op_actor)
            SELECT 'op-' || i, now(), 'IRP', 'T', 'p', 'r', 'd-' || i, 'p', 'a' FROM generate_series(1, \(count)) i;
            INSERT INTO trustlog_retry (op_id, retry_status, next_retry_at)
            SELECT 'op-' || i, CASE WHEN i % 9 > 0 THEN 'PENDING' ELSE 'DEAD_LETTER' END, now() - i * interval '1 s'
            FROM generate_series(1, \(PlanScale.retries)) i
            """)
        if isAnalysed { try connection.query("ANALYZE") }
        try connection.query(
            "UPDATE operation SET trustlog_status = 'TRUSTLOGGED' WHERE seq <= \(count - waiting)")
    }

    private static let behind = PlanScale.rows - 20_000

    private static let acknowledged =
        "'{\((behind...(behind + 4_000)).map { "\($0)" }.joined(separator: ","))}'"

    /// What is asked often, with parameters as they come, and the index that must answer it.
    private static let queries: [(name: String, sql: String, types: String, values: String, index: String)] = [
        (
            "forward scan", PostgreSQLStatements.waiting, "bigint, bigint, bigint, bigint, bigint, bigint",
            "\(behind), 9223372036854775807, 1, 0, 2000, 8388608", "operation_waiting"
        ),
        (
            "sweep", PostgreSQLStatements.waiting, "bigint, bigint, bigint, bigint, bigint, bigint",
            "0, \(PlanScale.rows - 1_000), 4, 1, 2000, 8388608", "operation_waiting"
        ),
        (
            "overtaken rows", PostgreSQLStatements.waitingSequences, "bigint, bigint, bigint, bigint, bigint",
            "\(behind), \(PlanScale.rows - 1_000), 2, 1, 2000", "operation_waiting"
        ),
        ("count", PostgreSQLStatements.countWaiting, "", "", "operation_waiting"),
        ("oldest", PostgreSQLStatements.oldestWaiting, "", "", "operation_waiting"),
        ("claim", PostgreSQLStatements.claimRetries, "bigint, float8", "100, 60", "trustlog_retry_due"),
        ("count retries", PostgreSQLStatements.countRetries, "", "", "trustlog_retry_due"),
        ("count aside", PostgreSQLStatements.countOperations, "", "", "operation_aside"),
        ("count failed", PostgreSQLStatements.countFailed, "", "", "operation_failed"),
        (
            "acknowledge", PostgreSQLStatements.recordAcknowledged, "bigint[], int[], bigint[]",
            "\(acknowledged), '{}', '{}'", "operation_pkey"
        ),
        (
            "replay", PostgreSQLStatements.rowsInRange, "bigint, bigint, bigint, bigint",
            "\(PlanScale.rows / 2), \(PlanScale.rows), 2000, 8388608", "operation_pkey"
        ),
    ]

    @Test(
        "what the workers ask often is answered by an index, never by a scan of the table",
        arguments: [false, true])
    func plans(isAnalysed: Bool) async throws {
        try await PostgreSQLTestDatabase.withStore { _, database in
            let connection = try RawPostgreSQL(url: database.url)
            try Self.fill(
                connection, count: PlanScale.rows, waiting: PlanScale.waiting, isAnalysed: isAnalysed)
            try connection.query(PostgreSQLSession(lockTimeout: .seconds(4)).sql)
            for query in Self.queries {
                let types = query.types.isEmpty ? "" : "(\(query.types))"
                let values = query.values.isEmpty ? "" : "(\(query.values))"
                try connection.query("PREPARE q\(types) AS \(query.sql)")
                let plan = try connection.query("EXPLAIN EXECUTE q\(values)").map { ($0[0] ?? "") + "\n" }.joined()
                #expect(plan.contains(query.index), "\(query.name):\n\(plan)")
                #expect(!plan.contains("Seq Scan on operation"), "\(query.name):\n\(plan)")
                #expect(!plan.contains("Hash") && !plan.contains("Merge"), "\(query.name):\n\(plan)")
                try connection.query("DEALLOCATE q")
            }
        }
    }
}
