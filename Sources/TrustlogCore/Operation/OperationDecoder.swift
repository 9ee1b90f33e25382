/// Turns the value of a message into an operation, or says by the contract's codes (section 1) why it is none.
package enum OperationDecoder {
    /// The largest value of a message in bytes.
    package static let maximumValueSize = 1_048_576

    /// Decodes one message.
    ///
    /// - Parameters:
    ///   - value: the value as received; `nil` is a tombstone.
    ///   - contentType: the last header `content-type`, if there is one; it decides between a bare operation and a
    ///     CloudEvent in structured mode.
    package static func decode(
        _ value: UnsafeRawBufferPointer?, contentType: UnsafeRawBufferPointer? = nil
    ) -> Result<Operation, Rejection> {
        guard let value else {
            return .failure(Rejection(code: .malformed, message: "the message has no value (a tombstone)"))
        }
        let isCloudEvent = contentType.map { CloudEvent.isStructured($0.bindMemory(to: UInt8.self).span) } ?? false
        return decode(value.bindMemory(to: UInt8.self).span, isCloudEvent: isCloudEvent)
    }

    /// The same for a value in an array.
    package static func decode(_ value: [UInt8], contentType: String? = nil) -> Result<Operation, Rejection> {
        decode(value.span, isCloudEvent: contentType.map { CloudEvent.isStructured(Array($0.utf8).span) } ?? false)
    }

    package static func decode(_ value: Span<UInt8>, isCloudEvent: Bool) -> Result<Operation, Rejection> {
        guard value.count <= maximumValueSize else {
            let message = "the value has \(value.count) bytes, at most \(maximumValueSize) are allowed"
            return .failure(Rejection(code: .tooLarge, message: message))
        }
        guard value.count > 0 else {
            return .failure(Rejection(code: .malformed, message: "the value is empty"))
        }
        var parser = JSONParser()
        let object: OperationObject?
        do {
            try JSONParser.validate(value)
            object = try isCloudEvent ? parser.readCloudEvent(value) : parser.readOperation(value)
            try parser.expectEnd(value)
        } catch {
            return .failure(.malformed(error, duplicateName: parser.duplicateName))
        }
        guard let object else {
            return .failure(Rejection(code: .malformed, message: "the CloudEvent has no member data that is an object"))
        }
        do throws(Rejection) {
            return .success(try object.operation(value))
        } catch {
            return .failure(error)
        }
    }
}

extension JSONParser {
    /// Reads an operation object; whatever the contract does not name becomes ``OperationObject/extra``.
    mutating func readOperation(_ input: Span<UInt8>) throws(JSONError) -> OperationObject {
        var object = OperationObject()
        try openObject(input)
        let start = canonical.count
        let others = openCanonicalObject()
        var isFirst = true
        while let name = try nextName(input, isFirst: &isFirst) {
            if let field = try field(named: name, input) {
                try object.read(field, input, with: &self)
            } else {
                try object.readOther(name, input, with: &self)
            }
        }
        try closeObject(others)
        object.takeExtra(from: start, of: &self)
        return object
    }

    /// The field that a member's name stands for, however it is written.
    @inline(__always)
    mutating func field(named name: StringToken, _ input: Span<UInt8>) throws(JSONError) -> OperationField? {
        guard name.hasEscapes else { return OperationField(input.extracting(name.range)) }
        scratch.removeAll(keepingCapacity: true)
        try Self.unescape(name, of: input, into: &scratch)
        return OperationField(scratch.span)
    }

    /// Reads a CloudEvent; `nil` if it has no `data` that is an object.
    fileprivate mutating func readCloudEvent(_ input: Span<UInt8>) throws(JSONError) -> OperationObject? {
        var object: OperationObject?
        try openObject(input)
        let attributes = openFrame()
        var isFirst = true
        while let name = try nextName(input, isFirst: &isFirst) {
            try noteName(name, input)
            if isLastName("data"), current(input) == UInt8(ascii: "{") {
                object = try readOperation(input)
            } else {
                // The operation object is level 1, so that the event around it is level 0.
                try skipValue(input, level: 0)
            }
        }
        try closeFrame(attributes)
        return object
    }
}
