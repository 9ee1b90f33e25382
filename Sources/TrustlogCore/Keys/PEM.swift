private import COpenSSL

/// Keys in PEM (RFC 7468), as OpenSSL writes them: private PKCS#8, public SubjectPublicKeyInfo.
enum PEM {
    /// Reads the first private key.
    static func privateKey(_ pem: [UInt8]) throws(KeyError) -> OpenSSLKey {
        try withFirstBlock(of: pem) { label, der throws(KeyError) in
            guard label == "PRIVATE KEY" else { throw notPrivate(label) }
            return try decodePrivate(der)
        }
    }

    /// Reads the first key that is public, or the public half of a private one.
    static func publicKey(_ pem: [UInt8]) throws(KeyError) -> OpenSSLKey {
        try withFirstBlock(of: pem) { label, der throws(KeyError) in
            switch label {
            case "PUBLIC KEY": return try decodePublic(der)
            case "PRIVATE KEY": return try decodePrivate(der)
            default: throw notPublic(label)
            }
        }
    }

    // MARK: Decoding

    private static func decodePrivate(_ der: UnsafeBufferPointer<UInt8>) throws(KeyError) -> OpenSSLKey {
        var next = der.baseAddress
        let info = d2i_PKCS8_PRIV_KEY_INFO(nil, &next, der.count)
        defer { PKCS8_PRIV_KEY_INFO_free(info) }
        guard info != nil, next == der.baseAddress?.advanced(by: der.count), let key = EVP_PKCS82PKEY(info) else {
            throw .openSSL("the block PRIVATE KEY does not hold a PKCS#8 key that OpenSSL can read")
        }
        return OpenSSLKey(owning: key)
    }

    private static func decodePublic(_ der: UnsafeBufferPointer<UInt8>) throws(KeyError) -> OpenSSLKey {
        var next = der.baseAddress
        guard let key = d2i_PUBKEY(nil, &next, der.count) else {
            throw .openSSL("the block PUBLIC KEY does not hold a key that OpenSSL can read")
        }
        let owned = OpenSSLKey(owning: key)
        guard next == der.baseAddress?.advanced(by: der.count) else {
            throw KeyError("something follows the key inside the block PUBLIC KEY")
        }
        return owned
    }

    /// Hands out the label and the content of the first block, and wipes the content afterwards.
    private static func withFirstBlock<Result>(
        of pem: [UInt8], _ body: (String, UnsafeBufferPointer<UInt8>) throws(KeyError) -> Result
    ) throws(KeyError) -> Result {
        ERR_clear_error()
        guard let bio = pem.withUnsafeBytes({ newMemory($0) }) else { throw .openSSL("out of memory") }
        defer { BIO_free(bio) }
        while true {
            var label: UnsafeMutablePointer<CChar>?
            var header: UnsafeMutablePointer<CChar>?
            var content: UnsafeMutablePointer<UInt8>?
            var count = 0
            guard PEM_read_bio(bio, &label, &header, &content, &count) == 1, let label, let header else {
                throw .openSSL("there is no PEM block in it that could be a key")
            }
            defer {
                CRYPTO_free(label, "", 0)
                CRYPTO_free(header, "", 0)
                CRYPTO_clear_free(content, count, "", 0)
            }
            let name = String(cString: label)
            // `openssl ecparam -genkey` writes the curve in front of the key.
            if name == "EC PARAMETERS" { continue }
            if header.pointee != 0 { throw notPrivate("ENCRYPTED PRIVATE KEY") }
            return try body(name, UnsafeBufferPointer(start: content, count: count))
        }
    }

    /// A BIO of its own copy of the bytes, in memory that is wiped when it is freed.
    private static func newMemory(_ bytes: UnsafeRawBufferPointer) -> OpaquePointer? {
        guard let count = Int32(exactly: bytes.count), let bio = BIO_new(BIO_s_secmem()) else { return nil }
        guard count == 0 || BIO_write(bio, bytes.baseAddress, count) == count else {
            BIO_free(bio)
            return nil
        }
        return bio
    }

    // MARK: What to do about another block

    private static func notPrivate(_ label: String) -> KeyError {
        let advice =
            switch label {
            case "ENCRYPTED PRIVATE KEY":
                "it is encrypted, and Trustlog asks for no passphrase: decrypt it with "
                    + "`openssl pkey -in FILE -out FILE.plain` and protect the file by its mode"
            case "EC PRIVATE KEY", "RSA PRIVATE KEY", "DSA PRIVATE KEY":
                "it is not PKCS#8: convert it with `openssl pkcs8 -topk8 -nocrypt -in FILE -out FILE.pkcs8`"
            case "OPENSSH PRIVATE KEY":
                "it is in OpenSSH's own format: make a key with `trustlog keygen`"
            case "PUBLIC KEY":
                "it is the public half: name the private key's file"
            default:
                "a block PRIVATE KEY (PKCS#8) is needed: `trustlog keygen` writes one"
            }
        return KeyError("the PEM block \(label) is no private key that can be used: \(advice)")
    }

    private static func notPublic(_ label: String) -> KeyError {
        let advice =
            label == "CERTIFICATE"
            ? "take the key out of it with `openssl x509 -in FILE -pubkey -noout`"
            : "a block PUBLIC KEY (SubjectPublicKeyInfo) is needed: `openssl pkey -in FILE -pubout` writes one"
        return KeyError("the PEM block \(label) is no public key that can be used: \(advice)")
    }

    // MARK: Writing

    static func privateText(_ key: OpenSSLKey) throws(KeyError) -> String {
        try write("the private key cannot be written", to: BIO_s_secmem()) { bio in
            PEM_write_bio_PKCS8PrivateKey(bio, key.pointer, nil, nil, 0, nil, nil)
        }
    }

    static func publicText(_ key: OpenSSLKey) throws(KeyError) -> String {
        try write("the public key cannot be written", to: BIO_s_mem()) { bio in PEM_write_bio_PUBKEY(bio, key.pointer) }
    }

    private static func write(
        _ failure: String, to method: OpaquePointer?, _ body: (OpaquePointer) -> Int32
    ) throws(KeyError) -> String {
        ERR_clear_error()
        guard let bio = BIO_new(method) else { throw .openSSL("out of memory") }
        defer { BIO_free(bio) }
        var content: UnsafeMutablePointer<CChar>?
        guard body(bio) == 1, case let count = BIO_ctrl(bio, BIO_CTRL_INFO, 0, &content), let content else {
            throw .openSSL(failure)
        }
        return String(decoding: UnsafeRawBufferPointer(start: content, count: count), as: UTF8.self)
    }
}
