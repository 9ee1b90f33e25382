import CMariaDB
import OperationStore

/// Inserts of many rows each, in one transaction a batch; updates by a join with the values.
final class BareMySQL: BareDriver {
    private let handle: UnsafeMutablePointer<MYSQL>
    private var batches: [[[UInt8]]] = []
    private var updates: [[UInt8]] = []
    private static let rowsAtOnce = 1_000

    /// - Parameter url: `mysql://user@127.0.0.1:port/database`.
    init(url: String) throws {
        let parts = url.split { ":/@".contains($0) }.map(String.init)
        guard parts.count == 5, let port = UInt32(parts[3]), let handle = mysql_init(nil) else {
            throw BareError("cannot read \(url)")
        }
        self.handle = handle
        guard mysql_real_connect(handle, parts[2], parts[1], nil, parts[4], port, nil, 0) != nil else { throw failure }
        try run("SET NAMES utf8mb4, time_zone = '+00:00'")
    }

    deinit {
        mysql_close(handle)
    }

    func reset() throws {
        for table in ["operation", "trustlog_retry", "trustlog_consumer_offset"] { try run("TRUNCATE TABLE \(table)") }
    }

    func settle() throws { try run("FLUSH TABLES") }

    func encode(_ batches: [IngestBatch]) {
        self.batches = batches.map { batch in
            var statements: [[UInt8]] = []
            for start in stride(from: 0, to: batch.rows.count, by: Self.rowsAtOnce) {
                var bytes = Array("INSERT INTO operation (\(BareDrivers.columns)) VALUES ".utf8)
                for (number, row) in batch.rows[start...].prefix(Self.rowsAtOnce).enumerated() {
                    var values = BareDrivers.values(of: row, status: batch.initialStatus.rawValue)
                    values[1] = values[1].map { $0.replacing("T", with: " ").replacing("Z", with: "") }
                    let texts = values.map { $0.map { "'\($0)'" } ?? "NULL" }
                    bytes += Array("\(number == 0 ? "" : ",")(\(texts.joined(separator: ",")))".utf8)
                }
                statements.append(bytes)
            }
            statements.append(
                Array(
                    BareDrivers.positions(
                        batch,
                        onConflict: "ON DUPLICATE KEY UPDATE next_offset = VALUES(next_offset), updated_at = NOW(6)"
                    ).utf8))
            return statements
        }
    }

    func ingest() throws {
        for batch in batches {
            try run("START TRANSACTION")
            for statement in batch { try run(statement) }
            try run("COMMIT")
        }
    }

    func encode(_ chunks: [[Acknowledgement]]) {
        updates = chunks.map { chunk in
            let first = chunk.prefix(1).map { row in
                "SELECT \(row.seq) AS seq, \(row.partition ?? 0) AS partition_id, \(row.offset ?? 0) AS next_offset"
            }
            let rest = chunk.dropFirst().map { "SELECT \($0.seq), \($0.partition ?? 0), \($0.offset ?? 0)" }
            return Array(
                """
                UPDATE (\((first + rest).joined(separator: " UNION ALL "))) AS a
                    STRAIGHT_JOIN operation AS o ON o.seq = a.seq
                SET o.trustlog_status = 'TRUSTLOGGED', o.trustlogged_at = UTC_TIMESTAMP(6),
                    o.trustlog_partition = a.partition_id, o.trustlog_offset = a.next_offset
                WHERE o.trustlog_status IN ('NOT_TRUSTLOGGED', 'FAILED')
                """.utf8)
        }
    }

    func acknowledge() throws {
        for update in updates { try run(update) }
    }

    func firstSequence() throws -> Int64 { try number("SELECT MIN(seq) FROM operation") }

    func count(status: String) throws -> Int {
        Int(try number("SELECT COUNT(*) FROM operation WHERE trustlog_status = '\(status)'"))
    }

    private func number(_ sql: String) throws -> Int64 {
        try run(sql)
        guard let result = mysql_store_result(handle) else { throw failure }
        defer { mysql_free_result(result) }
        return mysql_fetch_row(result)?[0].flatMap { Int64(String(cString: $0)) } ?? 0
    }

    private func run(_ sql: String) throws { try run(Array(sql.utf8)) }

    private func run(_ sql: [UInt8]) throws {
        let status = sql.withUnsafeBufferPointer { bytes in
            bytes.withMemoryRebound(to: CChar.self) { mysql_real_query(handle, $0.baseAddress, UInt($0.count)) }
        }
        guard status == 0 else { throw failure }
    }

    private var failure: BareError { BareError(String(cString: mysql_error(handle))) }
}
