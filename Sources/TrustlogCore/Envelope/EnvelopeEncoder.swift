/// Makes one signature a message. Implementations may be called from several threads at once.
package protocol EnvelopeSigner: Sendable {
    /// The OpenSSH fingerprint of the public key (see ``PublicKey/keyID``).
    var keyID: String { get }
    func sign(_ message: UnsafeRawBufferPointer) throws(SigningError) -> [UInt8]
}

/// A signature could not be made: an outage, never the fault of what was to be signed.
package struct SigningError: Error, Sendable, Equatable, CustomStringConvertible {
    package var description: String

    package init(_ description: String) {
        self.description = description
    }
}

/// Signs records and writes their envelopes, compact JSON exactly as section 3 of the contract shows it.
package struct EnvelopeEncoder: Sendable {
    private let signers: [any EnvelopeSigner]

    /// - Parameter signers: one a signature, in this order; a second one with the same key is left out, as verifiers
    ///   refuse two signatures with one keyid.
    package init(signers: [any EnvelopeSigner]) {
        var keyIDs: Set<String> = []
        self.signers = signers.filter { keyIDs.insert($0.keyID).inserted }
    }

    /// The envelope of a record.
    package func encode(record: [UInt8]) throws(SigningError) -> [UInt8] {
        guard !signers.isEmpty else { throw SigningError("there is no key to sign with") }
        let message = Envelope.preAuthenticationEncoding(payloadType: Envelope.payloadType, payload: record)
        var envelope: [UInt8] = []
        // Enough for all but the record and the signatures, and for one signature each.
        envelope.reserveCapacity(Base64.encodedSize(record.count) + 128 + 192 * signers.count)
        envelope.append(#"{"payload":""#)
        envelope.append(base64: record.span)
        envelope.append(#"","payloadType":"application/vnd.trustlog.operation.v1+json","signatures":["#)
        for (index, signer) in signers.enumerated() {
            let signature = try message.span.bytes.withUnsafeBytes { bytes throws(SigningError) in
                try signer.sign(bytes)
            }
            envelope.append(index == 0 ? #"{"keyid":"# : #",{"keyid":"#)
            envelope.append(quoted: signer.keyID.utf8.span)
            envelope.append(#","sig":""#)
            envelope.append(base64: signature.span)
            envelope.append(#""}"#)
        }
        envelope.append("]}")
        return envelope
    }
}
