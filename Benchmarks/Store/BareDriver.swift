import OperationStore
import TrustlogCore

/// What an application would do that writes the same rows with the database's C library and nothing else: no outcomes, no
/// search for rows that are refused, everything encoded beforehand.
protocol BareDriver {
    /// Empties the tables.
    func reset() throws
    /// Encodes batches; not measured.
    func encode(_ batches: [IngestBatch])
    /// Writes what was encoded, a transaction a batch: its rows and the consumer's positions.
    func ingest() throws
    /// Encodes acknowledgements; not measured.
    func encode(_ chunks: [[Acknowledgement]])
    /// Records what was encoded, a transaction a chunk.
    func acknowledge() throws
    /// The lowest `seq`, and how many rows of each status there are.
    func firstSequence() throws -> Int64
    func count(status: String) throws -> Int
    /// Brings the database to rest, so that what one side left does not weigh on the other.
    func settle() throws
}

struct BareError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}

enum BareDrivers {
    static func open(url: String) throws -> any BareDriver {
        switch url.prefix(while: { $0 != ":" }) {
        case "sqlite": try BareSQLite(path: String(url.dropFirst("sqlite:".count)))
        case "postgresql": try BarePostgreSQL(url: url)
        case "mysql": try BareMySQL(url: url)
        default: throw BareError("no bare driver for \(url)")
        }
    }

    static let columns = """
        op_id, op_timestamp, op_source, op_type, do_prefix, do_repository, doid, producer_id, op_actor,
        request_body_hash, response_body_hash, client_ip, server_ip, extra, source_topic, source_partition,
        source_offset, source_digest, headers, trustlog_status
        """

    /// The values of ``columns``; `nil` is NULL.
    static func values(of row: IncomingOperation, status: String) -> [String?] {
        let operation = row.operation
        return [
            operation.opId, operation.timestamp.rfc3339, operation.opSource, operation.opType, operation.doPrefix,
            operation.doRepository, operation.doid, operation.producerId, operation.opActor,
            operation.requestBodyHash, operation.responseBodyHash, operation.clientIp, operation.serverIp,
            operation.extra, row.source?.topic, row.source.map { "\($0.partition)" }, row.source.map { "\($0.offset)" },
            row.source?.digest, row.headers, status,
        ]
    }

    /// An upsert of a batch's positions, but for the words that differ.
    static func positions(_ batch: IngestBatch, onConflict: String) -> String {
        let rows = batch.positions.map { "('\(batch.group)', '\($0.topic)', \($0.partition), \($0.nextOffset))" }
        return "INSERT INTO trustlog_consumer_offset (group_id, topic, partition_id, next_offset) VALUES "
            + rows.joined(separator: ", ") + " " + onConflict
    }
}
