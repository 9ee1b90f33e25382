private import COpenSSL

/// Makes new keys.
package enum KeyPair {
    /// A new key pair in PEM (PKCS#8 and SubjectPublicKeyInfo).
    package static func generate(
        _ algorithm: KeyAlgorithm
    ) throws(KeyError) -> (privatePEM: String, publicPEM: String, keyID: String) {
        let key = try newKey(algorithm)
        return try (PEM.privateText(key), PEM.publicText(key), PublicKey(key).keyID)
    }

    private static func newKey(_ algorithm: KeyAlgorithm) throws(KeyError) -> OpenSSLKey {
        ERR_clear_error()
        let context = EVP_PKEY_CTX_new_from_name(nil, algorithm == .ed25519 ? "ED25519" : "EC", nil)
        defer { EVP_PKEY_CTX_free(context) }
        var key: OpaquePointer?
        guard EVP_PKEY_keygen_init(context) == 1,
            algorithm == .ed25519 || EVP_PKEY_CTX_set_group_name(context, "P-256") == 1,
            EVP_PKEY_generate(context, &key) == 1, let key
        else { throw .openSSL("OpenSSL could not make a key") }
        return OpenSSLKey(owning: key)
    }
}
