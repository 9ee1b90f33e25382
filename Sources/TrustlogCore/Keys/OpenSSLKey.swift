private import COpenSSL

/// A key in OpenSSL's own form, freed with the last reference.
// Safe to share: an EVP_PKEY counts its references atomically and is not changed after it is made; operations on it keep
// their state in contexts of their own.
final class OpenSSLKey: @unchecked Sendable {
    let pointer: OpaquePointer

    /// Takes the pointer over.
    init(owning pointer: OpaquePointer) {
        self.pointer = pointer
    }

    deinit {
        EVP_PKEY_free(pointer)
    }

    /// Which of the two algorithms it is for.
    func algorithm() throws(KeyError) -> KeyAlgorithm {
        if EVP_PKEY_is_a(pointer, "ED25519") == 1 { return .ed25519 }
        guard EVP_PKEY_is_a(pointer, "EC") == 1 else {
            let name = EVP_PKEY_get0_type_name(pointer).map { String(cString: $0) } ?? "unknown"
            throw KeyError(
                "keys of type \(name) are not supported: use Ed25519 or ECDSA P-256 (trustlog keygen makes one)")
        }
        var group = [CChar](repeating: 0, count: 64)
        var length = 0
        guard EVP_PKEY_get_group_name(pointer, &group, group.count, &length) == 1 else {
            throw .openSSL("the elliptic curve of the key cannot be told")
        }
        let name = String(decoding: group.prefix(length).map(UInt8.init(bitPattern:)), as: UTF8.self)
        guard name == "prime256v1" || name == "P-256" else {
            throw KeyError("the curve \(name) is not supported: use P-256 (trustlog keygen makes a key)")
        }
        return .ecdsaP256
    }

    /// The public key: 32 bytes of Ed25519, or a point of P-256 uncompressed in 65 bytes.
    func publicBytes(_ algorithm: KeyAlgorithm) throws(KeyError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: algorithm == .ed25519 ? 32 : 65)
        var count = bytes.count
        let isRead =
            switch algorithm {
            case .ed25519: EVP_PKEY_get_raw_public_key(pointer, &bytes, &count) == 1
            case .ecdsaP256: copyPoint(into: &bytes, &count)
            }
        guard isRead, count == bytes.count else { throw .openSSL("the public key cannot be read") }
        return bytes
    }

    private func copyPoint(into bytes: inout [UInt8], _ count: inout Int) -> Bool {
        // A key that was written with a compressed point would give it out so.
        EVP_PKEY_set_utf8_string_param(pointer, OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT, "uncompressed") == 1
            && EVP_PKEY_get_octet_string_param(pointer, OSSL_PKEY_PARAM_ENCODED_PUBLIC_KEY, &bytes, bytes.count, &count)
                == 1
    }
}
