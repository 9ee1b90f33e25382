private import COpenSSL
private import CSodium

/// A key that verifies.
package struct PublicKey: Sendable {
    package let algorithm: KeyAlgorithm
    /// The OpenSSH SHA-256 fingerprint, as `ssh-keygen -lf` prints it: `SHA256:` and 43 characters of base64.
    package let keyID: String
    private let bytes: [UInt8]
    private let key: OpenSSLKey

    /// Reads a public key in PEM (SubjectPublicKeyInfo), or takes the public half of a private one (PKCS#8).
    ///
    /// - Throws: ``KeyError`` if there is none, or one of another kind than Ed25519 and P-256.
    package static func load(pem: [UInt8]) throws(KeyError) -> PublicKey {
        try PublicKey(PEM.publicKey(pem))
    }

    init(_ key: OpenSSLKey) throws(KeyError) {
        guard Sodium.isReady else { throw Sodium.failure }
        self.key = key
        algorithm = try key.algorithm()
        bytes = try key.publicBytes(algorithm)
        keyID = Self.fingerprint(algorithm, bytes)
    }

    /// Whether a signature is one of this key over a message.
    package func verifies(_ signature: [UInt8], of message: [UInt8]) -> Bool {
        switch algorithm {
        case .ed25519:
            signature.count == Int(crypto_sign_BYTES)
                && crypto_sign_verify_detached(signature, message, UInt64(message.count), bytes) == 0
        case .ecdsaP256: verifiesECDSA(signature, of: message)
        }
    }

    private func verifiesECDSA(_ signature: [UInt8], of message: [UInt8]) -> Bool {
        let context = EVP_MD_CTX_new()
        defer {
            EVP_MD_CTX_free(context)
            ERR_clear_error()
        }
        return EVP_DigestVerifyInit(context, nil, EVP_sha256(), nil, key.pointer) == 1
            && EVP_DigestVerify(context, signature, signature.count, message, message.count) == 1
    }

    /// SHA-256 of the key in the format of RFC 4253, section 6.6 (for ECDSA RFC 5656, section 3.1).
    private static func fingerprint(_ algorithm: KeyAlgorithm, _ bytes: [UInt8]) -> String {
        var blob: [UInt8] = []
        switch algorithm {
        case .ed25519: blob.append(sshString: Array("ssh-ed25519".utf8))
        case .ecdsaP256:
            blob.append(sshString: Array("ecdsa-sha2-nistp256".utf8))
            blob.append(sshString: Array("nistp256".utf8))
        }
        blob.append(sshString: bytes)
        let digest = blob.withUnsafeBytes { Digest.sha256($0) }
        let text = Base64.encode(digest.span).prefix { $0 != UInt8(ascii: "=") }
        return "SHA256:" + String(decoding: text, as: UTF8.self)
    }
}

extension [UInt8] {
    /// Appends the type `string` of RFC 4251, section 5: the size in four bytes, then the content.
    fileprivate mutating func append(sshString content: [UInt8]) {
        Swift.withUnsafeBytes(of: UInt32(truncatingIfNeeded: content.count).bigEndian) { append(contentsOf: $0) }
        append(contentsOf: content)
    }
}
