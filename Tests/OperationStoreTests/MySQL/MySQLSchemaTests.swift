import Testing
import TrustlogCore
import TrustlogTestKit

@testable import OperationStore

@Suite("MySQL: the schema", .requires(.mariaDB))
struct MySQLSchemaTests {
    @Test("the text can be run again with the server's own client, and changes nothing")
    func idempotent() async throws {
        try await MariaDBTestDatabase.with { database in
            let text = SchemaText.sql(for: .mySQL)
            try await database.server.sql(text, database: database.name)
            let columns = """
                SELECT table_name, column_name, column_type, collation_name FROM information_schema.columns
                WHERE table_schema = DATABASE() ORDER BY 1, 2
                """
            let identity = "SELECT version, database_id, applied_at FROM trustlog_schema"
            let before = (try database.query(columns), try database.query(identity))
            try await database.server.sql(text, database: database.name)
            #expect(try database.query(columns) == before.0)
            #expect(try database.query(identity) == before.1)
            #expect(before.0.count > 40)
            #expect(before.0.allSatisfy { $0[3] == nil || $0[3] == "utf8mb4_nopad_bin" })
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
        try await MariaDBTestDatabase.withStore { _, database in
            for (table, columns) in expected {
                let found = try database.query(
                    """
                    SELECT column_name FROM information_schema.columns
                    WHERE table_schema = DATABASE() AND table_name = '\(table)' ORDER BY ordinal_position
                    """)
                #expect(found.compactMap { $0.first ?? nil }.joined(separator: " ") == columns)
            }
        }
    }

    @Test("what the workers ask often is answered by an index, never by a scan of the table")
    func plans() async throws {
        try await MariaDBTestDatabase.withStore { _, database in
            let done = PlanScale.rows - PlanScale.waiting
            try database.execute(
                """
                INSERT INTO operation (op_id, op_timestamp, op_source, op_type, do_prefix, do_repository, doid,
                    producer_id, op_actor, trustlog_status)
                SELECT CONCAT('op-', seq), UTC_TIMESTAMP(6), 'IRP', 'T', 'p', 'r', CONCAT('d-', seq), 'p', 'a',
                    IF(seq <= \(done), 'TRUSTLOGGED', 'NOT_TRUSTLOGGED') FROM seq_1_to_\(PlanScale.rows)
                """)
            try database.execute(
                """
                INSERT INTO trustlog_retry (op_id, retry_status, next_retry_at)
                SELECT CONCAT('op-', seq), IF(seq % 9 > 0, 'PENDING', 'DEAD_LETTER'),
                    UTC_TIMESTAMP(6) - INTERVAL seq SECOND FROM seq_1_to_\(PlanScale.retries)
                """)
            try database.execute("ANALYZE TABLE operation, trustlog_retry")
            let (middle, last) = (Int64(PlanScale.rows / 2), Int64(PlanScale.rows))
            let queries: [(String, [MySQLValue], table: String, key: String)] = [
                (
                    MySQLConnection.waitingRows,
                    [.integer(0), .integer(.max), .integer(2), .integer(1), .integer(100)], "operation",
                    "operation_waiting"
                ),
                (
                    MySQLConnection.waitingSequences,
                    [.integer(0), .integer(.max), .integer(2), .integer(1), .integer(100)], "operation",
                    "operation_waiting"
                ),
                (MySQLConnection.countWaiting, [], "operation", "operation_waiting"),
                (MySQLConnection.oldestWaiting, [], "operation", "operation_waiting"),
                (MySQLConnection.dueRetries, [.integer(10)], "trustlog_retry", "trustlog_retry_due"),
                (MySQLConnection.countRetries, [], "trustlog_retry", "trustlog_retry_due"),
                (MySQLConnection.countFailed, [], "o", "operation_waiting"),
                (MySQLConnection.countDeadLetters, [], "trustlog_retry", "trustlog_retry_due"),
                (
                    MySQLConnection.waitingRows,
                    [.integer(0), .integer(last - 1_000), .integer(2), .integer(1), .integer(100)], "operation",
                    "operation_waiting"
                ),
                (MySQLConnection.setTrustloggedSQL, [.text("[[1,2,3]]")], "o", "PRIMARY"),
                (
                    MySQLConnection.rowsInRange, [.integer(middle), .integer(last), .integer(500)], "operation",
                    "PRIMARY"
                ),
            ]
            for (sql, values, table, key) in queries {
                let statement = String(decoding: MySQLStatement("EXPLAIN \(sql)", values).bytes, as: UTF8.self)
                // id, select_type, table, type, possible_keys, key, …
                let steps = try database.query(statement)
                let step = try #require(steps.first { $0[2] == table }, "\(steps)")
                #expect(step[5] == key, "\(steps)")
                #expect(step[3] != "ALL" && step[3] != "index", "\(steps)")
            }
        }
    }

    @Test("the test data shows every state and can be read")
    func testData() async throws {
        try await MariaDBTestDatabase.withStore { store, database in
            try await database.server.sql(try readFile("sql/test_data.sql"), database: database.name)
            let statuses = try database.query("SELECT DISTINCT CONCAT(trustlog_status) FROM operation ORDER BY 1")
            #expect(statuses.map { $0[0] } == OperationStatus.allCases.map(\.rawValue).sorted())
            let bounds = try #require(try await store.bounds())
            let rows = try await store.operations(in: bounds, limit: 1000, byteLimit: .max)
            #expect(rows.count > 5)
            #expect(rows.allSatisfy { $0.operation != nil })
            let statistics = try await store.statistics()
            #expect(statistics.unlogged > 0)
            #expect(statistics.deadLetters > 0)
            #expect(try await store.cursors().isEmpty == false)
        }
    }

    @Test("a session without strict mode cannot store what is cut, empty or unknown")
    func withoutStrictMode() async throws {
        try await MariaDBTestDatabase.withStore { store, database in
            let long = String(repeating: "x", count: 65)
            let wrong = [
                minimalInsert(String(repeating: "x", count: 129)),
                minimalInsert("a").replacing("'IRP'", with: "'\(long)'"),
                minimalInsert("a").replacing("'IRP'", with: "NULL"),
                minimalInsert("a", columns: ", trustlog_status", values: ", 'DONE'"),
                minimalInsert("a").replacing("2026-01-31", with: "2026-13-31"),
            ]
            for sql in wrong {
                let connection = try database.connect()
                _ = try connection.query("SET sql_mode = ''")
                #expect(throws: SQLError.self, "\(sql)") { try connection.query(sql) }
            }
            #expect(try await store.operationCounts().total == 0)
        }
    }

    @Test("a user without the right to make tables may migrate where they are there")
    func withoutRights() async throws {
        try await MariaDBTestDatabase.withStore { _, database in
            let user = "u_\(database.name.suffix(12))"
            try await database.server.sql(
                """
                CREATE USER \(user)@'127.0.0.1' IDENTIFIED BY 'p@ss/word';
                GRANT SELECT, INSERT, UPDATE, DELETE ON \(database.name).* TO \(user)@'127.0.0.1'
                """, database: "mysql")
            let place = "127.0.0.1:\(database.server.port)/\(database.name)"
            let limited = try database.open(url: "mysql://\(user)@\(place)", password: "p@ss/word")
            try await limited.migrate()
            try await limited.insert("a")
            await limited.close()

            let wrong = try database.open(url: "mysql://\(user):secret%2Fword@\(place)")
            let error = await #expect(throws: StoreError.self) { try await wrong.ping() }
            #expect(error?.kind == .unavailable)
            #expect(error?.description.contains("secret") == false)
            #expect(error?.description.contains("look at user and password") == true)
            await wrong.close()
        }
    }
}
