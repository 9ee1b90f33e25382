/// Why bytes are not a record.
package struct RecordError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What is wrong, for people.
    package var description: String
}

extension Record {
    /// What is read at most; the largest record of the contract is far smaller.
    private static let maximumSize = 1_048_576

    /// Reads a record back: exactly what ``encode(_:source:)`` writes is accepted, so that bytes and meaning are one.
    ///
    /// - Throws: ``RecordError`` for anything that breaks section 1 or 2 of the contract, another member, or another form
    ///   than the canonical one.
    package static func decode(
        _ bytes: [UInt8]
    ) throws(RecordError) -> (operation: Operation, source: RecordSource?) {
        guard bytes.count <= maximumSize else {
            throw RecordError(description: "it has \(bytes.count) bytes, at most \(maximumSize) are read")
        }
        let input = bytes.span
        var parser = JSONParser(numberRule: .canonicalText)
        let parts: (object: OperationObject, source: RecordSource?)
        do throws(JSONError) {
            try JSONParser.validate(input)
            parts = try parser.readRecord(input)
            try parser.expectEnd(input)
        } catch {
            throw RecordError(description: Rejection.malformed(error, duplicateName: parser.duplicateName).message)
        }
        let operation: Operation
        do throws(Rejection) {
            operation = try parts.object.operation(input)
        } catch {
            throw RecordError(description: error.message)
        }
        // Whatever was read past (an unknown member, a source without a digest, another order) changes the bytes.
        guard encode(operation, source: parts.source) == bytes else {
            throw RecordError(
                description: "not in the canonical form of a record, or with other members than those of one")
        }
        return (operation, parts.source)
    }
}

extension JSONParser {
    /// Reads the members of a record; what has no place in one is passed over.
    fileprivate mutating func readRecord(
        _ input: Span<UInt8>
    ) throws(JSONError) -> (OperationObject, RecordSource?) {
        var object = OperationObject()
        var source: RecordSource?
        try openObject(input)
        let others = openFrame()
        var isFirst = true
        while let name = try nextName(input, isFirst: &isFirst) {
            if let field = try field(named: name, input) {
                try object.read(field, input, with: &self)
                continue
            }
            try noteName(name, input)
            if isLastName("extra"), current(input) == UInt8(ascii: "{") {
                try object.readExtra(input, with: &self)
            } else if isLastName("source"), current(input) == UInt8(ascii: "{") {
                source = try readSource(input)
            } else {
                try skipValue(input, level: 1)
            }
        }
        try closeFrame(others)
        return (object, source)
    }

    /// Reads the source of a record; `nil` if it is not one.
    private mutating func readSource(_ input: Span<UInt8>) throws(JSONError) -> RecordSource? {
        var topic: String?
        var partition: Int32?
        var offset: Int64?
        var digest: String?
        try openObject(input)
        let members = openFrame()
        var isFirst = true
        while let name = try nextName(input, isFirst: &isFirst) {
            try noteName(name, input)
            let start = canonical.count
            if current(input) == UInt8(ascii: "\"") {
                let text = try readString(input)
                if isLastName("topic") { topic = text } else if isLastName("digest") { digest = text }
            } else {
                try appendValue(input, level: 2)
                let value = Int64(String(copyingUTF8: canonical.span.extracting(droppingFirst: start)))
                if isLastName("partition") {
                    partition = value.flatMap { Int32(exactly: $0) }
                } else if isLastName("offset") {
                    offset = value
                }
                canonical.removeLast(canonical.count - start)
            }
        }
        try closeFrame(members)
        guard let topic, let partition, let offset, let digest, isSHA256(digest) else { return nil }
        return RecordSource(topic: topic, partition: partition, offset: offset, digest: digest)
    }

    private func isSHA256(_ digest: String) -> Bool {
        digest.utf8.count == 64
            && digest.utf8.allSatisfy { isDigit($0) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains($0) }
    }
}
