/// Why an envelope is not evidence.
package enum VerificationError: Error, Sendable, Equatable, CustomStringConvertible {
    /// Not a DSSE envelope; what is wrong with it.
    case malformed(String)
    /// None of its signatures was made by a configured key over what it carries.
    case noValidSignature
    /// Signed by a configured key, but something else than a record.
    case wrongPayloadType(String)
    /// Signed by a configured key as a record, but not one; what is wrong with it.
    case notARecord(String)

    package var description: String {
        switch self {
        case .malformed(let what): "not a DSSE envelope: \(what)"
        case .noValidSignature: "no signature of a known key verifies"
        case .wrongPayloadType(let type): "the payload is of type \(type), not \(Envelope.payloadType)"
        case .notARecord(let what): "the payload is not a record: \(what)"
        }
    }
}

/// The bytes that somebody signed as a record.
package struct VerifiedPayload: Sendable {
    package var payload: [UInt8]
    /// The key whose signature verified.
    package var keyID: String
}

/// What an envelope proves.
package struct VerifiedRecord: Sendable {
    /// The bytes that were verified.
    package var payload: [UInt8]
    /// The key whose signature verified.
    package var keyID: String
    /// What ``payload`` says.
    package var operation: Operation
    package var source: RecordSource?
}

/// Verifies envelopes as DSSE asks: an envelope is valid if one of the keys verifies one of its signatures; the keyid in
/// it is a hint that decides nothing; only bytes that were verified are parsed.
package struct EnvelopeVerifier: Sendable {
    private let keys: [PublicKey]

    package init(keys: [PublicKey]) {
        self.keys = keys
    }

    /// Whether it is valid, whatever the payload says.
    package func verifySignature(_ envelope: [UInt8]) throws(VerificationError) -> VerifiedPayload {
        let parts = try ParsedEnvelope(envelope)
        let message = Envelope.preAuthenticationEncoding(payloadType: parts.payloadType, payload: parts.payload)
        guard let keyID = verifyingKey(message, parts.signatures)?.keyID else { throw .noValidSignature }
        guard ExactText(parts.payloadType) == ExactText(Envelope.payloadType) else {
            throw .wrongPayloadType(parts.payloadType)
        }
        return VerifiedPayload(payload: parts.payload, keyID: keyID)
    }

    /// Whether it is valid, and its payload a record as Trustlog writes it.
    package func verify(_ envelope: [UInt8]) throws(VerificationError) -> VerifiedRecord {
        let verified = try verifySignature(envelope)
        do throws(RecordError) {
            let (operation, source) = try Record.decode(verified.payload)
            return VerifiedRecord(
                payload: verified.payload, keyID: verified.keyID, operation: operation, source: source)
        } catch {
            throw .notARecord(error.description)
        }
    }

    private func verifyingKey(_ message: [UInt8], _ signatures: [ParsedEnvelope.Signature]) -> PublicKey? {
        for signature in signatures {
            // The hinted key first: it saves time, nothing else.
            let hinted = signature.keyID.map(ExactText.init)
            for key in keys where ExactText(key.keyID) == hinted && key.verifies(signature.bytes, of: message) {
                return key
            }
            for key in keys where ExactText(key.keyID) != hinted && key.verifies(signature.bytes, of: message) {
                return key
            }
        }
        return nil
    }
}
