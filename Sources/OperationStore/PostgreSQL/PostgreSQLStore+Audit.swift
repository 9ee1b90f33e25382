import TrustlogCore

extension PostgreSQLStore {
    package func operations(opIds: [String]) async throws(StoreError) -> [OperationDetail] {
        let opIds = Set(opIds.lazy.filter { !$0.hasNull }.map(ExactText.init)).map(\.string)
        guard !opIds.isEmpty else { return [] }
        return try await reading.run { connection throws(PostgreSQLFailure) in
            try connection.query(
                "\(PostgreSQLStatements.selectDetails) WHERE o.op_id = ANY ($1::text[])", [.texts(opIds)]
            ).rows.compactMap { row in OperationDetail(row) }
        }
    }

    package func placements(in range: ClosedRange<Int64>, limit: Int) async throws(StoreError) -> [RowPlacement] {
        try await reading.run { connection throws(PostgreSQLFailure) in
            try connection.query(
                "SELECT \(RowPlacement.columns) FROM operation WHERE seq BETWEEN $1 AND $2 ORDER BY seq LIMIT $3",
                [.integer(range.lowerBound), .integer(range.upperBound), .integer(Int64(max(limit, 0)))]
            ).rows.compactMap { row in RowPlacement(row) }
        }
    }
}

extension RowPlacement {
    fileprivate init?(_ row: PostgreSQLRow) {
        guard let seq = row.integer(0), let status = row.text(2).flatMap(OperationStatus.init) else { return nil }
        self.init(
            seq: seq, opId: row.text(1) ?? "", status: status,
            partition: row.integer(3).flatMap { Int32(exactly: $0) }, offset: row.integer(4))
    }
}
