private import COpenSSL

/// SHA-256 and SHA-1 by OpenSSL's libcrypto.
package enum Digest {
    /// Lowercase hexadecimal SHA-256, 64 characters.
    package static func sha256Hex(_ bytes: UnsafeRawBufferPointer) -> String {
        let digest = sha256(bytes)
        return String(unsafeUninitializedCapacity: 64) { text in
            for index in 0..<32 {
                text[2 * index] = lowercaseHexDigit(digest[index] >> 4)
                text[2 * index + 1] = lowercaseHexDigit(digest[index] & 0xF)
            }
            return 64
        }
    }

    /// The same for an array.
    package static func sha256Hex(_ bytes: [UInt8]) -> String {
        bytes.withUnsafeBytes { sha256Hex($0) }
    }

    package static func sha256(_ bytes: UnsafeRawBufferPointer) -> InlineArray<32, UInt8> {
        var digest = InlineArray<32, UInt8>(repeating: 0)
        var span = digest.mutableSpan
        span.withUnsafeMutableBufferPointer { compute(sha256Algorithm, bytes, into: $0) }
        return digest
    }

    /// For version 5 UUIDs only.
    static func sha1(_ bytes: [UInt8]) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: 20) { digest, count in
            bytes.withUnsafeBytes { compute(sha1Algorithm, $0, into: digest) }
            count = 20
        }
    }

    // Fetched once: looking an algorithm up by name costs as much as the digest of a small message.
    // Read-only after it is made, as OpenSSL's documentation has it (EVP_MD_fetch(3)), and never freed.
    nonisolated(unsafe) private static let sha256Algorithm = EVP_MD_fetch(nil, "SHA2-256", nil)
    // The same as above.
    nonisolated(unsafe) private static let sha1Algorithm = EVP_MD_fetch(nil, "SHA1", nil)

    private static func compute(
        _ algorithm: OpaquePointer?, _ bytes: UnsafeRawBufferPointer, into digest: UnsafeMutableBufferPointer<UInt8>
    ) {
        let status = EVP_Digest(bytes.baseAddress, bytes.count, digest.baseAddress, nil, algorithm, nil)
        // It fails only where memory is exhausted or OpenSSL is set up without this algorithm; neither leaves anything
        // that this program could do right.
        precondition(status == 1, "OpenSSL cannot compute a SHA digest: check its configuration (openssl.cnf)")
    }
}
