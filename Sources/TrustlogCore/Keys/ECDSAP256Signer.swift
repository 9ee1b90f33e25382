private import COpenSSL

/// Signs with ECDSA over P-256 and SHA-256 by OpenSSL; signatures are ASN.1 DER, and differ each time.
package struct ECDSAP256Signer: EnvelopeSigner {
    package let keyID: String
    private let key: OpenSSLKey

    init(_ key: OpenSSLKey) throws(KeyError) {
        keyID = try PublicKey(key).keyID
        self.key = key
    }

    package func sign(_ message: UnsafeRawBufferPointer) throws(SigningError) -> [UInt8] {
        let context = EVP_MD_CTX_new()
        defer { EVP_MD_CTX_free(context) }
        let bytes = message.bindMemory(to: UInt8.self)
        // A sequence of two integers of up to 33 bytes.
        var signature = [UInt8](repeating: 0, count: 72)
        var count = signature.count
        guard EVP_DigestSignInit(context, nil, EVP_sha256(), nil, key.pointer) == 1,
            EVP_DigestSign(context, &signature, &count, bytes.baseAddress, bytes.count) == 1
        else { throw SigningError(KeyError.openSSL("OpenSSL could not make a P-256 signature").description) }
        signature.removeLast(signature.count - count)
        return signature
    }
}
