import TrustlogCore

/// A row of `operation` as a driver gives it, column by column.
protocol OperationColumnReader {
    /// - Throws: where the value is no text, or not in UTF-8.
    func text(_ column: OperationColumn) throws(UnreadableRow) -> String?
    /// - Throws: where the value is no integer.
    func integer(_ column: OperationColumn) throws(UnreadableRow) -> Int64?
    /// - Throws: where the value is no time.
    func time(_ column: OperationColumn) throws(UnreadableRow) -> Timestamp?
}

extension UnreadableRow {
    static func column(_ column: OperationColumn, _ problem: String) -> UnreadableRow {
        UnreadableRow(message: "column \(column.name) \(problem)")
    }
}

extension StoredRow {
    /// Reads a row, or says why it cannot be: an application's own `INSERT` may break what no constraint can say.
    init(seq: Int64, reading reader: some OperationColumnReader) {
        self.init(
            seq: seq,
            opId: (try? reader.text(.opId)) ?? nil,
            recordedAt: (try? reader.time(.recordedAt)) ?? nil,
            content: Result { () throws(UnreadableRow) -> StoredOperation in try StoredOperation(reading: reader) })
    }
}

extension StoredOperation {
    /// - Throws: the first thing that section 1 of the contract forbids, by column.
    init(reading reader: some OperationColumnReader) throws(UnreadableRow) {
        let extra = try reader.text(.extra)
        var operation = Operation(
            opId: try reader.required(.opId), timestamp: try reader.requiredTime(.timestamp),
            opSource: try reader.required(.opSource), opType: try reader.required(.opType),
            doPrefix: try reader.required(.doPrefix), doRepository: try reader.required(.doRepository),
            doid: try reader.required(.doid), producerId: try reader.required(.producerId),
            opActor: try reader.required(.opActor), requestBodyHash: try reader.text(.requestBodyHash),
            responseBodyHash: try reader.text(.responseBodyHash), clientIp: try reader.text(.clientIp),
            serverIp: try reader.text(.serverIp))
        if let violation = operation.violations().first {
            throw UnreadableRow(message: "\(violation.field) \(violation.problem)")
        }
        operation.extra = try Self.canonical(extra)
        self.init(operation: operation, source: try reader.source(), headers: try reader.text(.headers))
    }

    /// An application may have written the object in any form; the record holds its canonical one.
    private static func canonical(_ extra: String?) throws(UnreadableRow) -> String? {
        guard let extra else { return nil }
        do throws(Rejection) {
            return try Operation.canonicalExtra(fromJSON: extra)
        } catch {
            throw .column(.extra, "is not what the contract allows: \(error.message)")
        }
    }
}

extension OperationColumnReader {
    fileprivate func required(_ column: OperationColumn) throws(UnreadableRow) -> String {
        guard let text = try text(column) else { throw .column(column, "is NULL") }
        return text
    }

    fileprivate func requiredTime(_ column: OperationColumn) throws(UnreadableRow) -> Timestamp {
        guard let time = try time(column) else { throw .column(column, "is NULL") }
        return time
    }

    fileprivate func source() throws(UnreadableRow) -> RecordSource? {
        let topic = try text(.sourceTopic)
        let partition = try integer(.sourcePartition)
        let offset = try integer(.sourceOffset)
        let digest = try text(.sourceDigest)
        if topic == nil, partition == nil, offset == nil, digest == nil { return nil }
        guard let topic, let partition, let offset, let digest else {
            throw UnreadableRow(message: "the columns source_* are neither all NULL nor all set")
        }
        guard let partition = Int32(exactly: partition) else {
            throw .column(.sourcePartition, "is not the number of a partition")
        }
        guard digest.utf8.count == 64, digest.utf8.allSatisfy(isLowerCaseHex) else {
            throw .column(.sourceDigest, "is not a SHA-256 in lower case hex")
        }
        return RecordSource(topic: topic, partition: partition, offset: offset, digest: digest)
    }
}

private func isLowerCaseHex(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
}
