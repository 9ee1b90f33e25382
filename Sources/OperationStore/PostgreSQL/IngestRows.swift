import TrustlogCore

/// Rows of a batch on their way into one `INSERT`.
struct IngestRows {
    var rows: ArraySlice<IncomingOperation>
    let status: IngestBatch.InitialStatus

    var count: Int { rows.count }

    func with(_ rows: ArraySlice<IncomingOperation>) -> IngestRows {
        IngestRows(rows: rows, status: status)
    }

    /// One statement over an array a column. It costs what COPY into a temporary table and `INSERT … SELECT` cost (measured
    /// alike from 500 to 5,000 rows, and half of it at 50), in one round trip and without a temporary table.
    ///
    /// `ORDER BY n` keeps `seq` in the order of the batch. The status is no literal: nothing is searched by it here.
    static let insertSQL = """
        INSERT INTO operation (\(columns), trustlog_status)
        SELECT \(columns), $20 FROM unnest($1::text[], $2::timestamptz[], $3::text[], $4::text[], $5::text[], $6::text[],
            $7::text[], $8::text[], $9::text[], $10::text[], $11::text[], $12::text[], $13::text[], $14::text[],
            $15::text[], $16::int[], $17::bigint[], $18::text[], $19::text[]) WITH ORDINALITY AS i (\(columns), n)
        ORDER BY n ON CONFLICT (op_id) DO NOTHING RETURNING op_id
        """

    static let columns = OperationColumn.allCases.filter { $0 != .seq && $0 != .recordedAt }
        .map(\.name).joined(separator: ", ")

    /// The parameters of ``insertSQL``.
    var values: [PostgreSQLValue] {
        [
            texts(size: 40) { $0.operation.opId },
            .times(rows.map(\.operation.timestamp)),
            texts { $0.operation.opSource },
            texts { $0.operation.opType },
            texts { $0.operation.doPrefix },
            texts { $0.operation.doRepository },
            texts { $0.operation.doid },
            texts { $0.operation.producerId },
            texts { $0.operation.opActor },
            texts(size: 64) { $0.operation.requestBodyHash },
            texts(size: 64) { $0.operation.responseBodyHash },
            texts { $0.operation.clientIp },
            texts { $0.operation.serverIp },
            texts(size: 64) { $0.operation.extra },
            texts { $0.source?.topic },
            .partitions(rows.map(\.source?.partition)),
            .integers(rows.map(\.source?.offset)),
            texts(size: 64) { $0.source?.digest },
            texts { $0.headers },
            .text(status.rawValue),
        ]
    }

    /// - Parameter size: of a value in bytes, more or less.
    private func texts(size: Int = 20, _ text: (IncomingOperation) -> String?) -> PostgreSQLValue {
        var array = PostgreSQLArray(of: .text, count: rows.count, size: size)
        for row in rows { array.append(text(row)) }
        return .array(array)
    }
}
