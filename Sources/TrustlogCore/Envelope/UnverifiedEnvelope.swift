/// What an envelope says, whoever wrote it: for showing it to people, never for evidence (see ``EnvelopeVerifier``).
package struct UnverifiedEnvelope: Sendable {
    package var payload: [UInt8]
    package var payloadType: String

    /// - Throws: ``VerificationError/malformed(_:)``.
    package init(_ envelope: [UInt8]) throws(VerificationError) {
        let parts = try ParsedEnvelope(envelope)
        payload = parts.payload
        payloadType = parts.payloadType
    }

    /// What the payload says, if it is a record.
    ///
    /// - Throws: ``VerificationError/wrongPayloadType(_:)`` or ``VerificationError/notARecord(_:)``.
    package func operation() throws(VerificationError) -> Operation {
        guard ExactText(payloadType) == ExactText(Envelope.payloadType) else { throw .wrongPayloadType(payloadType) }
        do throws(RecordError) {
            return try Record.decode(payload).operation
        } catch {
            throw .notARecord(error.description)
        }
    }
}
