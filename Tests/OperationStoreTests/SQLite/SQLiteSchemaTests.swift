import Testing
import TrustlogCore

@testable import OperationStore

@Suite("SQLite: the schema")
struct SQLiteSchemaTests {
    /// A database made by the text alone.
    private func withSchema(_ body: (SQLiteTestDatabase) throws -> Void) async throws {
        try await SQLiteTestDatabase.with { database in
            try database.execute(SchemaText.sql(for: .sqlite))
            try body(database)
        }
    }

    @Test("the text can be run again and changes nothing")
    func idempotent() async throws {
        try await withSchema { database in
            let everything =
                "SELECT type, name, sql FROM sqlite_master UNION ALL SELECT version, database_id, applied_at FROM trustlog_schema"
            let before = try database.query(everything)
            try database.execute(SchemaText.sql(for: .sqlite))
            #expect(try database.query(everything) == before)
            #expect(before.count > 10)
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
        try await withSchema { database in
            for (table, columns) in expected {
                let found = try database.query("SELECT name FROM pragma_table_xinfo('\(table)')")
                #expect(found.compactMap { $0.first ?? nil }.joined(separator: " ") == columns)
            }
        }
    }

    @Test("op_timestamp takes the forms that are read, and no time that there is not")
    func timeConstraint() async throws {
        try await withSchema { database in
            func insert(_ value: String) throws {
                try database.execute(
                    """
                    INSERT INTO operation (op_id, op_timestamp, op_source, op_type, do_prefix, do_repository, doid,
                        producer_id, op_actor)
                    VALUES (hex(randomblob(8)), \(value), 'a', 'b', 'c', 'd', 'e', 'f', 'g')
                    """)
            }
            let allowed = [
                "'2024-02-29 23:59:59.999999Z'", "'9999-12-31T23:59:59.999999Z'", "'1970-01-01T00:00:00Z'",
                "datetime('now')", "strftime('%Y-%m-%d %H:%M:%f', 'now')", "'2024-12-31T00:00:00.123456789'",
            ]
            for value in allowed { #expect(throws: Never.self, "\(value)") { try insert(value) } }
            let forbidden = [
                "'2024-02-30T00:00:00Z'", "'2023-02-29T00:00:00Z'", "'2024-04-31T00:00:00Z'",
                "'2024-00-01T00:00:00Z'", "'2024-02-00T00:00:00Z'", "'2024-13-01T00:00:00Z'",
                "'2024-02-20T24:00:00Z'", "'2024-02-20T23:00:60Z'", "'2024-02-20T23:00:00.Z'",
                "'2024-02-20T23:00:00.'", "'2024-02-20T23:00:00ZZ'", "'2024-02-20T23:00:00+02:00'",
                "'1969-12-31T23:59:59Z'", "'2024-0a-01T00:00:00Z'", "'2024-02-20T2a:00:00Z'", "'now'", "''",
                "1700000000", "x'32303234'", "NULL",
            ]
            for value in forbidden {
                #expect(throws: SQLError.self, "\(value)") { try insert(value) }
            }
            let times = try database.query("SELECT op_timestamp FROM operation").compactMap { $0.first ?? nil }
            #expect(times.count == allowed.count)
            #expect(times.allSatisfy { Timestamp(sqlite: $0) != nil })
        }
    }

    @Test("op_id takes no control character of Unicode, and everything else")
    func identityConstraint() async throws {
        try await withSchema { database in
            func insert(_ value: String) throws {
                try database.execute(
                    """
                    INSERT INTO operation (op_id, op_timestamp, op_source, op_type, do_prefix, do_repository, doid,
                        producer_id, op_actor)
                    VALUES (\(value), datetime('now'), 'a', 'b', 'c', 'd', 'e', 'f', 'g')
                    """)
            }
            for code in Array(0...0x1f) + Array(0x7f...0x9f) {
                #expect(throws: SQLError.self, "U+\(code)") { try insert("'é' || char(\(code)) || 'x'") }
            }
            for code in [0x20, 0x5b, 0x5d, 0x5e, 0x7e, 0xa0, 0xad, 0x2028, 0xfffd, 0x10ffff] {
                #expect(throws: Never.self, "U+\(code)") { try insert("'é' || char(\(code))") }
            }
            try database.execute("DELETE FROM operation")
        }
    }

    private static func fill(_ database: SQLiteTestDatabase) throws {
        let done = PlanScale.rows - PlanScale.waiting
        try database.execute(
            """
            INSERT INTO operation (op_id, op_timestamp, op_source, op_type, do_prefix, do_repository, doid, producer_id,
                op_actor, trustlog_status)
            WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < \(PlanScale.rows))
            SELECT 'op-' || i, '2026-03-01T12:00:00.000000Z', 'IRP', 'T', 'p', 'r', 'd-' || i, 'p', 'a',
                CASE WHEN i <= \(done) THEN 'TRUSTLOGGED' ELSE 'NOT_TRUSTLOGGED' END
            FROM n;
            INSERT INTO trustlog_retry (op_id, retry_status, next_retry_at)
            SELECT op_id, CASE WHEN seq % 9 > 0 THEN 'PENDING' ELSE 'DEAD_LETTER' END, '2026-03-01T12:00:00.000000Z'
            FROM operation WHERE seq <= \(PlanScale.retries);
            ANALYZE
            """)
    }

    private static let queries = [
        (SQLiteConnection.waitingRows, "SEARCH operation USING INDEX operation_waiting (seq>? AND seq<?)"),
        (
            SQLiteConnection.waitingSequences,
            "SEARCH operation USING INDEX operation_waiting (seq>? AND seq<?)"
        ),
        (SQLiteConnection.countWaiting, "SCAN operation USING INDEX operation_waiting"),
        (SQLiteConnection.hasDueRetry, "trustlog_retry_due (retry_status=? AND next_retry_at<?)"),
        (SQLiteConnection.dueRetries, "trustlog_retry_due (retry_status=? AND next_retry_at<?)"),
        (SQLiteConnection.countRetries, "trustlog_retry_due (retry_status=?)"),
        (SQLiteConnection.countOperations, "SEARCH operation USING COVERING INDEX operation_aside (trustlog_status=?)"),
        (SQLiteConnection.countOperations, "SCAN operation USING INDEX operation_failed"),
        (SQLiteConnection.countOperations, "SCAN operation USING INDEX operation_waiting"),
        (SQLiteConnection.countFailed, "SCAN o USING INDEX operation_failed"),
        (SQLiteConnection.countDeadLetters, "trustlog_retry_due (retry_status=?)"),
        (SQLiteConnection.retryPage(where: "1"), "USING INDEX trustlog_retry_age"),
        (SQLiteConnection.setTrustlogged, "SEARCH operation USING INTEGER PRIMARY KEY (rowid=?)"),
        (SQLiteConnection.rowsInRange, "SEARCH operation USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)"),
    ]

    @Test("what the workers ask often is answered by an index, never by a scan of the table")
    func plans() async throws {
        try await withSchema { database in
            try Self.fill(database)
            for (sql, expected) in Self.queries {
                let steps = try database.query("EXPLAIN QUERY PLAN \(sql)").compactMap { $0.last ?? nil }
                #expect(steps.contains { $0.contains(expected) }, "\(steps)")
                let scans = steps.filter { $0.utf8.starts(with: "SCAN".utf8) }
                #expect(
                    scans.allSatisfy { $0.contains("USING") || ["SCAN r", "SCAN CONSTANT ROW"].contains($0) },
                    "\(steps)")
            }
        }
    }

    @Test("the test data shows every state and can be read")
    func testData() async throws {
        try await StoreBackend.sqlite.withStore { store, database in
            let data = try readFile("sql/test_data.sql")
            try database.execute(data)
            let statuses = try database.query(
                "SELECT DISTINCT trustlog_status FROM operation ORDER BY trustlog_status")
            #expect(statuses.map { $0[0] } == OperationStatus.allCases.map(\.rawValue).sorted())
            let retries = try database.query("SELECT DISTINCT retry_status FROM trustlog_retry ORDER BY 1")
            #expect(retries.map { $0[0] } == ["DEAD_LETTER", "PENDING"])
            let bounds = try #require(try await store.bounds())
            let rows = try await store.operations(in: bounds, limit: 1000, byteLimit: .max)
            #expect(rows.count > 5)
            #expect(rows.allSatisfy { $0.operation != nil })
            let statistics = try await store.statistics()
            #expect(statistics.unlogged > 0)
            #expect(statistics.deadLetters > 0)
            #expect(try await store.cursors().isEmpty == false)
            // Each failed row, and none else, has a retry row.
            let orphans = try database.query(
                """
                SELECT count(*) FROM operation o LEFT JOIN trustlog_retry r ON r.op_id = o.op_id
                WHERE (o.trustlog_status = 'FAILED') <> (r.op_id IS NOT NULL)
                """)
            #expect(orphans == [["0"]])
        }
    }
}
