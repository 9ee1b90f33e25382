/// The signed payload: one JSON object in RFC 8785 form (contract, section 2).
package enum Record {
    /// The record of an operation.
    ///
    /// The operation must keep the contract's rules (``Operation/violations()``); `extra` in particular is put into the
    /// record as it is.
    package static func encode(_ operation: Operation, source: RecordSource?) -> [UInt8] {
        var record: [UInt8] = []
        record.reserveCapacity(768 + (operation.extra?.utf8.count ?? 0))
        append(operation, source: source, to: &record)
        return record
    }

    /// Appends the record of an operation.
    package static func append(_ operation: Operation, source: RecordSource?, to record: inout [UInt8]) {
        // The names in the order of RFC 8785.
        record.append(UInt8(ascii: "{"))
        if let clientIp = operation.clientIp { record.append(#""clientIp":""#, clientIp) }
        record.append(#""doPrefix":""#, operation.doPrefix)
        record.append(#""doRepository":""#, operation.doRepository)
        record.append(#""doid":""#, operation.doid)
        if let extra = operation.extra, !extra.utf8.elementsEqual("{}".utf8) {
            record.append(#""extra":"#)
            record.append(extra.utf8.span)
            record.append(UInt8(ascii: ","))
        }
        record.append(#""opActor":""#, operation.opActor)
        record.append(#""opId":""#, operation.opId)
        record.append(#""opSource":""#, operation.opSource)
        record.append(#""opType":""#, operation.opType)
        record.append(#""producerId":""#, operation.producerId)
        if let hash = operation.requestBodyHash { record.append(#""requestBodyHash":""#, hash) }
        if let hash = operation.responseBodyHash { record.append(#""responseBodyHash":""#, hash) }
        if let serverIp = operation.serverIp { record.append(#""serverIp":""#, serverIp) }
        if let source { append(source, to: &record) }
        record.append(#""timestamp":""#)
        operation.timestamp.append(to: &record)
        record.append(#""}"#)
    }

    private static func append(_ source: RecordSource, to record: inout [UInt8]) {
        record.append(#""source":{"digest":""#, source.digest)
        record.append(#""offset":"#)
        record.append(contentsOf: String(source.offset).utf8)
        record.append(#","partition":"#)
        record.append(contentsOf: String(source.partition).utf8)
        record.append(#","topic":""#, source.topic, end: #""},"#)
    }

    /// Whether two operations have the same record, sources aside: then the second is a duplicate, otherwise a conflict.
    package static func hasSameContent(_ left: Operation, _ right: Operation) -> Bool {
        left.timestamp == right.timestamp && isSame(left.opId, right.opId) && isSame(left.opSource, right.opSource)
            && isSame(left.opType, right.opType) && isSame(left.doPrefix, right.doPrefix)
            && isSame(left.doRepository, right.doRepository) && isSame(left.doid, right.doid)
            && isSame(left.producerId, right.producerId) && isSame(left.opActor, right.opActor)
            && isSame(left.requestBodyHash, right.requestBodyHash)
            && isSame(left.responseBodyHash, right.responseBodyHash) && isSame(left.clientIp, right.clientIp)
            && isSame(left.serverIp, right.serverIp) && isSame(left.extra ?? "{}", right.extra ?? "{}")
    }

    private static func isSame(_ left: String, _ right: String) -> Bool {
        left.utf8.elementsEqual(right.utf8)
    }

    private static func isSame(_ left: String?, _ right: String?) -> Bool {
        guard let left, let right else { return left == nil && right == nil }
        return isSame(left, right)
    }
}

extension [UInt8] {
    /// Appends a member: its name with the colon and a quote, its value, and what stands behind it.
    @inline(__always)
    fileprivate mutating func append(_ name: StaticString, _ value: String, end: StaticString = #"","#) {
        append(name)
        append(escaping: value.utf8.span)
        append(end)
    }
}
