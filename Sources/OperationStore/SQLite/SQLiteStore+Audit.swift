import TrustlogCore

extension SQLiteStore {
    package func operations(opIds: [String]) async throws(StoreError) -> [OperationDetail] {
        try await reading.run { connection throws(SQLiteFailure) in
            try connection.snapshot { connection throws(SQLiteFailure) in
                var details: [OperationDetail] = []
                for opId in Set(opIds.map(ExactText.init)) {
                    let found = try connection.first(SQLiteConnection.selectDetail, [.text(opId.string)]) { row in
                        OperationDetail(row)
                    }
                    if case .some(.some(let detail)) = found { details.append(detail) }
                }
                return details
            }
        }
    }

    package func placements(in range: ClosedRange<Int64>, limit: Int) async throws(StoreError) -> [RowPlacement] {
        try await reading.run { connection throws(SQLiteFailure) in
            try connection.rows(
                "SELECT \(RowPlacement.columns) FROM operation WHERE seq BETWEEN ?1 AND ?2 ORDER BY seq LIMIT ?3",
                [.integer(range.lowerBound), .integer(range.upperBound), .integer(max(limit, 0))]
            ) { row in RowPlacement(row) }.compactMap(\.self)
        }
    }
}

extension RowPlacement {
    fileprivate init?(_ row: SQLiteStatement) {
        guard let seq = row.integer(0), let status = row.text(2).flatMap(OperationStatus.init) else { return nil }
        self.init(
            seq: seq, opId: row.repairedText(1) ?? "", status: status,
            partition: row.integer(3).flatMap { Int32(exactly: $0) }, offset: row.integer(4))
    }
}
