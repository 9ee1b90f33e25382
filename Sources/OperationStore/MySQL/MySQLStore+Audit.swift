import TrustlogCore

extension MySQLStore {
    /// Names in one query: fewer than those of which MariaDB would make a table of its own.
    private static let namesAtOnce = 500

    package func operations(opIds: [String]) async throws(StoreError) -> [OperationDetail] {
        let opIds = Set(opIds.map(ExactText.init)).map(\.string)
        guard !opIds.isEmpty else { return [] }
        return try await control.run { connection throws(MySQLFailure) in
            var details: [OperationDetail] = []
            for start in stride(from: 0, to: opIds.count, by: Self.namesAtOnce) {
                let names = opIds[start..<min(start + Self.namesAtOnce, opIds.count)]
                let marks = repeatElement("?", count: names.count).joined(separator: ", ")
                details += try connection.rows(
                    "\(MySQLConnection.selectDetails) WHERE o.op_id IN (\(marks))", names.map { .text($0) }
                ) { row in OperationDetail(row) }.compactMap(\.self)
            }
            return details
        }
    }

    package func placements(in range: ClosedRange<Int64>, limit: Int) async throws(StoreError) -> [RowPlacement] {
        try await control.run { connection throws(MySQLFailure) in
            try connection.rows(
                "SELECT \(RowPlacement.columns) FROM operation WHERE seq BETWEEN ? AND ? ORDER BY seq LIMIT ?",
                [.integer(range.lowerBound), .integer(range.upperBound), .integer(Int64(max(limit, 0)))]
            ) { row in RowPlacement(row) }.compactMap(\.self)
        }
    }
}

extension RowPlacement {
    fileprivate init?(_ row: MySQLRow) {
        guard let seq = row.integer(0), let status = row.text(2).flatMap(OperationStatus.init) else { return nil }
        self.init(
            seq: seq, opId: row.text(1) ?? "", status: status,
            partition: row.integer(3).flatMap { Int32(exactly: $0) }, offset: row.integer(4))
    }
}
