import CSQLite
import OperationStore

/// Prepared inserts of many rows each, in one transaction a batch; updates by a prepared statement.
final class BareSQLite: BareDriver {
    private let database: OpaquePointer
    private var batches: [(rows: [[String?]], positions: String)] = []
    private var chunks: [[Acknowledgement]] = []
    private static let rowsAtOnce = 50

    init(path: String) throws {
        var opened: OpaquePointer?
        guard sqlite3_open_v2(path, &opened, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nil) == SQLITE_OK,
            let opened
        else { throw BareError("cannot open \(path)") }
        database = opened
        try run(
            """
            PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA temp_store=MEMORY; PRAGMA cache_size=-32000;
            PRAGMA busy_timeout=10000
            """)
    }

    deinit {
        sqlite3_close_v2(database)
    }

    func reset() throws {
        try run("DELETE FROM operation; DELETE FROM trustlog_retry; DELETE FROM trustlog_consumer_offset; VACUUM")
    }

    func settle() throws { try run("PRAGMA wal_checkpoint(TRUNCATE)") }

    func encode(_ batches: [IngestBatch]) {
        self.batches = batches.map { batch in
            (
                batch.rows.map { BareDrivers.values(of: $0, status: batch.initialStatus.rawValue) },
                BareDrivers.positions(
                    batch,
                    onConflict: """
                        ON CONFLICT (group_id, topic, partition_id) DO UPDATE SET next_offset = excluded.next_offset,
                            updated_at = excluded.updated_at
                        """)
            )
        }
    }

    func ingest() throws {
        let row = "(\(Array(repeating: "?", count: 20).joined(separator: ",")))"
        let rows = Array(repeating: row, count: Self.rowsAtOnce).joined(separator: ",")
        let statement = try prepare(
            "INSERT INTO operation (\(BareDrivers.columns)) VALUES \(rows) ON CONFLICT (op_id) DO NOTHING")
        defer { sqlite3_finalize(statement) }
        for batch in batches {
            try run("BEGIN IMMEDIATE")
            for start in stride(from: 0, to: batch.rows.count, by: Self.rowsAtOnce) {
                var index: Int32 = 0
                for values in batch.rows[start..<min(start + Self.rowsAtOnce, batch.rows.count)] {
                    for value in values {
                        index += 1
                        bind(value, to: statement, at: index)
                    }
                }
                try finish(statement)
            }
            try run(batch.positions)
            try run("COMMIT")
        }
    }

    /// The columns' affinity makes integers of what is one.
    private func bind(_ value: String?, to statement: OpaquePointer, at index: Int32) {
        guard var value else {
            sqlite3_bind_null(statement, index)
            return
        }
        value.withUTF8 { bytes in
            bytes.withMemoryRebound(to: CChar.self) { text in
                _ = sqlite3_bind_text(
                    statement, index, text.baseAddress, Int32(text.count), trustlog_sqlite_transient())
            }
        }
    }

    func encode(_ chunks: [[Acknowledgement]]) { self.chunks = chunks }

    func acknowledge() throws {
        let statement = try prepare(
            """
            UPDATE operation SET trustlog_status = 'TRUSTLOGGED', trustlogged_at = ?2, trustlog_partition = ?3,
                trustlog_offset = ?4
            WHERE seq = ?1 AND trustlog_status IN ('NOT_TRUSTLOGGED', 'FAILED')
            """)
        defer { sqlite3_finalize(statement) }
        for chunk in chunks {
            try run("BEGIN IMMEDIATE")
            for acknowledgement in chunk {
                sqlite3_bind_int64(statement, 1, acknowledgement.seq)
                bind("2026-03-01T12:00:00.000000Z", to: statement, at: 2)
                sqlite3_bind_int64(statement, 3, Int64(acknowledgement.partition ?? 0))
                sqlite3_bind_int64(statement, 4, acknowledgement.offset ?? 0)
                try finish(statement)
            }
            try run("COMMIT")
        }
    }

    func firstSequence() throws -> Int64 { try number("SELECT min(seq) FROM operation") }

    func count(status: String) throws -> Int {
        Int(try number("SELECT count(*) FROM operation WHERE trustlog_status = '\(status)'"))
    }

    private func number(_ sql: String) throws -> Int64 {
        let statement = try prepare(sql)
        defer { sqlite3_finalize(statement) }
        guard sqlite3_step(statement) == SQLITE_ROW else { throw failure }
        return sqlite3_column_int64(statement, 0)
    }

    private func prepare(_ sql: String) throws -> OpaquePointer {
        var statement: OpaquePointer?
        guard sqlite3_prepare_v2(database, sql, -1, &statement, nil) == SQLITE_OK, let statement else { throw failure }
        return statement
    }

    private func finish(_ statement: OpaquePointer) throws {
        guard sqlite3_step(statement) == SQLITE_DONE else { throw failure }
        sqlite3_reset(statement)
    }

    private func run(_ sql: String) throws {
        guard sqlite3_exec(database, sql, nil, nil, nil) == SQLITE_OK else { throw failure }
    }

    private var failure: BareError { BareError(String(cString: sqlite3_errmsg(database))) }
}
