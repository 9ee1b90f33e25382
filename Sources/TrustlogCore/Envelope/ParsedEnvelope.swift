/// The members of a DSSE envelope, decoded but not verified.
struct ParsedEnvelope {
    struct Signature {
        var keyID: String?
        var bytes: [UInt8]
    }

    /// What an envelope may be at most; the largest record of the contract needs less than a third of it.
    static let maximumSize = 1_048_576
    /// Each is tried with every key: a hostile envelope must not cost more than this.
    static let maximumSignatures = 64

    var payload: [UInt8]
    var payloadType: String
    var signatures: [Signature]

    init(_ envelope: [UInt8]) throws(VerificationError) {
        guard envelope.count <= Self.maximumSize else {
            throw .malformed("it has \(envelope.count) bytes, at most \(Self.maximumSize) are read")
        }
        var parser = JSONParser()
        let members: EnvelopeMembers
        do throws(JSONError) {
            try JSONParser.validate(envelope.span)
            members = try parser.readEnvelope(envelope.span)
            try parser.expectEnd(envelope.span)
        } catch {
            throw .malformed(Rejection.malformed(error, duplicateName: parser.duplicateName).message)
        }
        guard let payload = members.payload else { throw .malformed("it has no payload in base64") }
        guard let payloadType = members.payloadType else { throw .malformed("it has no payloadType that is a string") }
        guard let signatures = members.signatures, !signatures.isEmpty else {
            throw .malformed("it has no signature that is an object with a sig in base64")
        }
        guard signatures.count <= Self.maximumSignatures else {
            throw .malformed("it has \(signatures.count) signatures, at most \(Self.maximumSignatures) are tried")
        }
        self.payload = payload
        self.payloadType = payloadType
        self.signatures = signatures
    }
}

/// The members that matter, `nil` where one is missing or of the wrong type.
private struct EnvelopeMembers {
    var payload: [UInt8]?
    var payloadType: String?
    var signatures: [ParsedEnvelope.Signature]?
}

extension JSONParser {
    fileprivate mutating func readEnvelope(_ input: Span<UInt8>) throws(JSONError) -> EnvelopeMembers {
        var envelope = EnvelopeMembers()
        try openObject(input)
        let members = openFrame()
        var isFirst = true
        while let name = try nextName(input, isFirst: &isFirst) {
            try noteName(name, input)
            let first = current(input)
            if isLastName("payload"), first == UInt8(ascii: "\"") {
                envelope.payload = try readBase64(input)
            } else if isLastName("payloadType"), first == UInt8(ascii: "\"") {
                envelope.payloadType = try readString(input)
            } else if isLastName("signatures"), first == UInt8(ascii: "[") {
                envelope.signatures = try readSignatures(input)
            } else {
                try skipValue(input, level: 1)
            }
        }
        try closeFrame(members)
        return envelope
    }

    /// Those that can be decoded: another signer's that cannot does not spoil them.
    private mutating func readSignatures(_ input: Span<UInt8>) throws(JSONError) -> [ParsedEnvelope.Signature] {
        var signatures: [ParsedEnvelope.Signature] = []
        try openArray(input)
        var isFirst = true
        while try nextElement(input, isFirst: &isFirst) {
            if current(input) == UInt8(ascii: "{") {
                if let signature = try readSignature(input) { signatures.append(signature) }
            } else {
                try skipValue(input, level: 2)
            }
        }
        return signatures
    }

    private mutating func readSignature(_ input: Span<UInt8>) throws(JSONError) -> ParsedEnvelope.Signature? {
        var keyID: String?
        var bytes: [UInt8]?
        try openObject(input)
        let members = openFrame()
        var isFirst = true
        while let name = try nextName(input, isFirst: &isFirst) {
            try noteName(name, input)
            let isString = current(input) == UInt8(ascii: "\"")
            if isLastName("keyid"), isString {
                keyID = try readString(input)
            } else if isLastName("sig"), isString {
                bytes = try readBase64(input)
            } else {
                try skipValue(input, level: 3)
            }
        }
        try closeFrame(members)
        return bytes.map { ParsedEnvelope.Signature(keyID: keyID, bytes: $0) }
    }

    /// Reads a string and decodes it; `nil` if it is not base64.
    private mutating func readBase64(_ input: Span<UInt8>) throws(JSONError) -> [UInt8]? {
        let token = try scanString(input)
        guard token.hasEscapes else { return Base64.decode(input.extracting(token.range)) }
        scratch.removeAll(keepingCapacity: true)
        try Self.unescape(token, of: input, into: &scratch)
        return Base64.decode(scratch.span)
    }
}
