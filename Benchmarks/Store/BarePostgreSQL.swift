import CLibPQ
import OperationStore

/// COPY into a temporary table, then `INSERT … SELECT … ON CONFLICT DO NOTHING`; updates by arrays.
final class BarePostgreSQL: BareDriver {
    private let connection: OpaquePointer
    private var copies: [[UInt8]] = []
    private var positions: [String] = []
    private var arrays: [[String]] = []

    init(url: String) throws {
        guard let opened = PQconnectdb(url) else { throw BareError("out of memory") }
        connection = opened
        guard PQstatus(opened) == CONNECTION_OK else { throw BareError(String(cString: PQerrorMessage(opened))) }
        try run("SET client_min_messages = warning; SET TIME ZONE 'UTC'")
        try run("CREATE TEMPORARY TABLE incoming ON COMMIT DELETE ROWS AS SELECT \(BareDrivers.columns) FROM operation")
        let statement = PQprepare(
            connection, "acknowledge",
            """
            UPDATE operation o SET trustlog_status = 'TRUSTLOGGED', trustlogged_at = now(),
                trustlog_partition = a.partition_id, trustlog_offset = a.position
            FROM unnest($1::bigint[], $2::int[], $3::bigint[]) AS a (seq, partition_id, position)
            WHERE o.seq = a.seq AND o.trustlog_status IN ('NOT_TRUSTLOGGED', 'FAILED')
            """, 3, nil)
        try check(statement)
    }

    deinit {
        PQfinish(connection)
    }

    func reset() throws { try run("TRUNCATE operation, trustlog_retry, trustlog_consumer_offset") }

    func settle() throws { try run("CHECKPOINT") }

    func encode(_ batches: [IngestBatch]) {
        copies = batches.map { batch in
            var bytes: [UInt8] = []
            for row in batch.rows {
                for (index, value) in BareDrivers.values(of: row, status: batch.initialStatus.rawValue).enumerated() {
                    if index > 0 { bytes.append(UInt8(ascii: "\t")) }
                    bytes.append(contentsOf: (value ?? "\\N").utf8)
                }
                bytes.append(UInt8(ascii: "\n"))
            }
            return bytes
        }
        positions = batches.map { batch in
            BareDrivers.positions(
                batch,
                onConflict: """
                    ON CONFLICT (group_id, topic, partition_id)
                    DO UPDATE SET next_offset = excluded.next_offset, updated_at = excluded.updated_at
                    """)
        }
    }

    func ingest() throws {
        for (copy, position) in zip(copies, positions) {
            try run("BEGIN")
            try check(PQexec(connection, "COPY incoming FROM STDIN"), PGRES_COPY_IN)
            copy.withUnsafeBufferPointer { bytes in
                bytes.withMemoryRebound(to: CChar.self) {
                    _ = PQputCopyData(connection, $0.baseAddress, Int32($0.count))
                }
            }
            PQputCopyEnd(connection, nil)
            while let result = PQgetResult(connection) { try check(result) }
            try run(
                """
                INSERT INTO operation (\(BareDrivers.columns)) SELECT \(BareDrivers.columns) FROM incoming
                ON CONFLICT (op_id) DO NOTHING
                """)
            try run(position)
            try run("COMMIT")
        }
    }

    func encode(_ chunks: [[Acknowledgement]]) {
        arrays = chunks.map { chunk in
            [
                array(chunk.map(\.seq)), array(chunk.map { Int64($0.partition ?? 0) }),
                array(chunk.map { $0.offset ?? 0 }),
            ]
        }
    }

    private func array(_ numbers: [Int64]) -> String {
        "{\(numbers.map { "\($0)" }.joined(separator: ","))}"
    }

    func acknowledge() throws {
        for values in arrays {
            let result = values[0].withCString { first in
                values[1].withCString { second in
                    values[2].withCString { third in
                        let pointers = [Optional(first), second, third]
                        return PQexecPrepared(connection, "acknowledge", 3, pointers, nil, nil, 0)
                    }
                }
            }
            try check(result)
        }
    }

    func firstSequence() throws -> Int64 { try number("SELECT min(seq) FROM operation") }

    func count(status: String) throws -> Int {
        Int(try number("SELECT count(*) FROM operation WHERE trustlog_status = '\(status)'"))
    }

    private func number(_ sql: String) throws -> Int64 {
        let result = PQexec(connection, sql)
        defer { PQclear(result) }
        guard PQresultStatus(result) == PGRES_TUPLES_OK, let text = PQgetvalue(result, 0, 0) else {
            throw BareError(String(cString: PQerrorMessage(connection)))
        }
        return Int64(String(cString: text)) ?? 0
    }

    private func run(_ sql: String) throws {
        try check(PQexec(connection, sql))
    }

    private func check(_ result: OpaquePointer?, _ expected: ExecStatusType = PGRES_COMMAND_OK) throws {
        defer { PQclear(result) }
        guard PQresultStatus(result) == expected else { throw BareError(String(cString: PQerrorMessage(connection))) }
    }
}
