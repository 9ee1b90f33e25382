import Foundation
import Testing

@testable import TrustlogCore

@Suite("Keys")
struct KeyTests {
    @Test("the keyid is the fingerprint that ssh-keygen prints")
    func keyIDs() throws {
        // make_golden.py takes it from OpenSSH's form of the key; keys/p256.id is the output of ssh-keygen -lf.
        let ed25519 = try goldenText("test_key.id").trimmingCharacters(in: .newlines)
        #expect(try PublicKey.load(pem: golden("test_key.pub")).keyID == ed25519)
        #expect(try SigningKey.load(pem: golden("test_key.pem")).keyID == ed25519)
        let p256 = try goldenText("keys/p256.id").trimmingCharacters(in: .newlines)
        for name in ["keys/p256.pub", "keys/p256_compressed.pub", "keys/p256.pem"] {
            #expect(try PublicKey.load(pem: golden(name)).keyID == p256)
        }
        #expect(try SigningKey.load(pem: golden("keys/p256.pem")).keyID == p256)
    }

    @Test("a new pair signs and verifies, and is unlike any other", arguments: KeyAlgorithm.allCases)
    func generate(algorithm: KeyAlgorithm) throws {
        let pair = try KeyPair.generate(algorithm)
        #expect(pair.privatePEM.hasPrefix("-----BEGIN PRIVATE KEY-----\n"))
        #expect(pair.publicPEM.hasPrefix("-----BEGIN PUBLIC KEY-----\n"))
        #expect(pair.keyID.utf8.count == 50)
        let signer = try SigningKey.load(pem: Array(pair.privatePEM.utf8))
        let key = try PublicKey.load(pem: Array(pair.publicPEM.utf8))
        #expect(key.algorithm == algorithm)
        #expect(signer.keyID == pair.keyID)
        #expect(key.keyID == pair.keyID)
        let message = Array("message".utf8)
        let signature = try message.withUnsafeBytes { try signer.sign($0) }
        #expect(key.verifies(signature, of: message))
        #expect(!key.verifies(signature, of: []))
        let empty = try signer.sign(UnsafeRawBufferPointer(start: nil, count: 0))
        #expect(key.verifies(empty, of: []))
        #expect(try KeyPair.generate(algorithm).keyID != pair.keyID)
    }

    @Test(
        "a private key that cannot be used is refused with the reason",
        arguments: [
            ("keys/encrypted.pem", "openssl pkey"), ("keys/sec1.pem", "openssl pkcs8"),
            ("keys/sec1_encrypted.pem", "openssl pkey"),
            ("keys/rsa.pem", "RSA"), ("keys/p384.pem", "P-256"), ("keys/openssh.pem", "trustlog keygen"),
            ("keys/p256.pub", "public half"), ("keys/certificate.pem", "PKCS#8"),
            ("keys/mismatched.pem", "belong together"),
            ("test_key.id", "no PEM block"),
        ])
    func refusedPrivate(name: String, reason: String) throws {
        let pem = try golden(name)
        let error = #expect(throws: KeyError.self) { try SigningKey.load(pem: pem) }
        #expect(error?.description.contains(reason) == true, "\(String(describing: error))")
    }

    @Test(
        "a public key that cannot be used is refused with the reason",
        arguments: [
            ("keys/certificate.pem", "openssl x509"), ("keys/sec1.pem", "SubjectPublicKeyInfo"),
            ("keys/p384.pem", "P-256"),
            ("keys/rsa.pem", "RSA"), ("test_key.id", "no PEM block"),
        ])
    func refusedPublic(name: String, reason: String) throws {
        let pem = try golden(name)
        let error = #expect(throws: KeyError.self) { try PublicKey.load(pem: pem) }
        #expect(error?.description.contains(reason) == true, "\(String(describing: error))")
    }

    @Test(
        "no damage to a key file does more than an error",
        arguments: ["test_key.pem", "keys/p256.pem", "keys/p256.pub"])
    func damagedFiles(name: String) throws {
        var generator = SeededGenerator(seed: 7468)
        let pem = try golden(name)
        for _ in 0..<500 {
            var damaged = pem
            for _ in 0..<Int.random(in: 1...3, using: &generator) {
                damaged[Int.random(in: damaged.indices, using: &generator)] = UInt8.random(
                    in: 0...255, using: &generator)
            }
            if Bool.random(using: &generator) {
                damaged.removeLast(Int.random(in: 0..<damaged.count, using: &generator))
            }
            _ = try? SigningKey.load(pem: damaged)
            _ = try? PublicKey.load(pem: damaged)
        }
        #expect(throws: KeyError.self) { try SigningKey.load(pem: []) }
        #expect(throws: KeyError.self) { try PublicKey.load(pem: []) }
    }

    @Test("text around the key does not matter, as for OpenSSL")
    func surroundings() throws {
        let pem = Array("a comment\n\n".utf8) + (try golden("test_key.pem")) + Array("\nmore\n".utf8)
        #expect(throws: Never.self) { try SigningKey.load(pem: pem) }
        let windows = try goldenText("test_key.pem").replacingOccurrences(of: "\n", with: "\r\n")
        #expect(throws: Never.self) { try SigningKey.load(pem: Array(windows.utf8)) }
    }

    @Test("no error holds a part of the key")
    func noSecrets() throws {
        for name in ["keys/encrypted.pem", "keys/sec1.pem", "keys/rsa.pem", "keys/mismatched.pem"] {
            let pem = try golden(name)
            let error = #expect(throws: KeyError.self) { try SigningKey.load(pem: pem) }
            for line in String(decoding: pem, as: UTF8.self).split(separator: "\n") where !line.hasPrefix("-----") {
                #expect(error?.description.contains(line) == false)
            }
        }
    }
}
