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
        var object = OperationObject()
        do {
            try JSONParser.validate(value)
            guard try parser.readMessage(value, isCloudEvent: isCloudEvent, into: &object) else {
                let message = "the CloudEvent has no member data that is an object"
                return .failure(Rejection(code: .malformed, message: message))
            }
        } catch {
            return .failure(.malformed(error, duplicateName: parser.duplicateName))
        }
        do throws(Rejection) {
            return .success(try object.operation(value))
        } catch {
            return .failure(error)
        }
    }
}

extension JSONParser {
    /// Reads a whole message; `false` if it is a CloudEvent without an operation.
    fileprivate mutating func readMessage(
        _ input: Span<UInt8>, isCloudEvent: Bool, into object: inout OperationObject
    ) throws(JSONError) -> Bool {
        var isFound = true
        if isCloudEvent {
            isFound = try readCloudEvent(input, into: &object)
        } else {
            try readOperation(input, into: &object)
        }
        try expectEnd(input)
        return isFound
    }

    /// Reads an operation object; whatever the contract does not name becomes ``OperationObject/extra``.
    private mutating func readOperation(
        _ input: Span<UInt8>, into object: inout OperationObject
    ) throws(JSONError) {
        try openObject(input)
        let start = canonical.count
        var others: MemberFrame?
        var isFirst = true
        while let name = try nextName(input, isFirst: &isFirst) {
            if let field = try field(named: name, input) {
                try object.read(field, input, with: &self)
            } else {
                if others == nil { others = openCanonicalObject(roomFor: input.count - position) }
                try object.readOther(name, input, with: &self)
            }
        }
        if let others { try object.takeExtra(others, from: start, of: &self) }
    }

    /// The field that a member's name stands for, however it is written.
    @inline(__always)
    mutating func field(named name: StringToken, _ input: Span<UInt8>) throws(JSONError) -> OperationField? {
        guard name.hasEscapes else { return OperationField(input.extracting(name.range)) }
        scratch.removeAll(keepingCapacity: true)
        try Self.unescape(name, of: input, into: &scratch)
        return OperationField(scratch.span)
    }

    /// Reads a CloudEvent; `false` if it has no `data` that is an object.
    private mutating func readCloudEvent(
        _ input: Span<UInt8>, into object: inout OperationObject
    ) throws(JSONError) -> Bool {
        var isFound = false
        try openObject(input)
        let attributes = openFrame()
        var isFirst = true
        while let name = try nextName(input, isFirst: &isFirst) {
            try noteName(name, input)
            if !isFound, isLastName("data"), current(input) == UInt8(ascii: "{") {
                isFound = true
                try readOperation(input, into: &object)
            } else {
                // The operation object is level 1, so that the event around it is level 0.
                try skipValue(input, level: 0)
            }
        }
        try closeFrame(attributes)
        return isFound
    }
}
