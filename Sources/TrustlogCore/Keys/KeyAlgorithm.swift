/// The two algorithms of the contract (section 3).
package enum KeyAlgorithm: String, Sendable, CaseIterable {
    case ed25519
    /// P-256 with SHA-256, signatures in ASN.1 DER.
    case ecdsaP256 = "ecdsa-p256"
}
