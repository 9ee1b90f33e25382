/// Private keys.
package enum SigningKey {
    /// Reads a private key in PEM (PKCS#8, not encrypted), Ed25519 or P-256, and tries it out.
    ///
    /// - Throws: ``KeyError`` that says what else was found and how to convert it.
    package static func load(pem: [UInt8]) throws(KeyError) -> any EnvelopeSigner {
        let key = try PEM.privateKey(pem)
        let signer: any EnvelopeSigner =
            switch try key.algorithm() {
            case .ed25519: try Ed25519Signer(key)
            case .ecdsaP256: try ECDSAP256Signer(key)
            }
        try tryOut(signer, PublicKey(key))
        return signer
    }

    /// A file may hold a private key beside a public one that is not its own: nobody could verify what it signs.
    private static func tryOut(_ signer: any EnvelopeSigner, _ publicKey: PublicKey) throws(KeyError) {
        let message = Envelope.preAuthenticationEncoding(payloadType: "text/plain", payload: Array("trustlog".utf8))
        let signature: [UInt8]
        do throws(SigningError) {
            signature = try message.span.bytes.withUnsafeBytes { bytes throws(SigningError) in try signer.sign(bytes) }
        } catch {
            throw KeyError("the key cannot sign: \(error.description)")
        }
        guard publicKey.verifies(signature, of: message) else {
            throw KeyError("the private and the public key in it do not belong together")
        }
    }
}
