import Testing

@testable import TrustlogCore

@Suite("Envelopes")
struct EnvelopeTests {
    static func testKey() throws -> any EnvelopeSigner { try SigningKey.load(pem: golden("test_key.pem")) }
    static func testPublicKey() throws -> PublicKey { try PublicKey.load(pem: golden("test_key.pub")) }
    static func p256() throws -> any EnvelopeSigner { try SigningKey.load(pem: golden("keys/p256.pem")) }
    static func p256Public() throws -> PublicKey { try PublicKey.load(pem: golden("keys/p256.pub")) }

    @Test("the pre-authentication encoding is the one of DSSE's specification, sizes in bytes")
    func preAuthenticationEncoding() {
        let example = Envelope.preAuthenticationEncoding(
            payloadType: "http://example.com/HelloWorld", payload: Array("hello world".utf8))
        #expect(example == Array("DSSEv1 29 http://example.com/HelloWorld 11 hello world".utf8))
        let accents = Envelope.preAuthenticationEncoding(payloadType: "é", payload: Array("日本".utf8))
        #expect(accents == Array("DSSEv1 2 é 6 日本".utf8))
        #expect(Envelope.preAuthenticationEncoding(payloadType: "", payload: []) == Array("DSSEv1 0  0 ".utf8))
    }

    @Test("the signature of DSSE's specification verifies, in DER")
    func specificationVector() throws {
        // protocol.md of secure-systems-lab/dsse, section "Test Vectors": there r and s stand raw behind each other.
        let text = "A3JqsQGtVsJ2O2xqrI5IcnXip5GToJ3F+FnZ+O88SjtR6rDAajabZKciJTfUiHqJPcIAriEGAHTVeCUjW2JIZA=="
        let signature = try #require(decodeBase64(text))
        let key = try PublicKey.load(pem: golden("keys/dsse_specification.pub"))
        let message = Array("DSSEv1 29 http://example.com/HelloWorld 11 hello world".utf8)
        #expect(key.verifies(derSignature(signature), of: message))
        #expect(!key.verifies(signature, of: message))
        #expect(!key.verifies(derSignature(signature), of: message + [0x21]))
    }

    @Test("each golden record gets the golden envelope, byte for byte", arguments: try GoldenCase.all())
    func encode(golden: GoldenCase) throws {
        let encoder = EnvelopeEncoder(signers: [try Self.testKey()])
        let envelope = try encoder.encode(record: Array(golden.record.utf8))
        #expect(String(decoding: envelope, as: UTF8.self) == golden.envelope)
        let verified = try EnvelopeVerifier(keys: [Self.testPublicKey()]).verify(envelope)
        #expect(verified.payload == Array(golden.record.utf8))
        #expect(verified.source == golden.source)
    }

    @Test("each key adds a signature in its order, the same key only one; each signature verifies alone")
    func severalKeys() throws {
        let record = Array(try GoldenCase.all()[0].record.utf8)
        let signers = [try Self.p256(), try Self.testKey(), try Self.p256()]
        let envelope = try EnvelopeEncoder(signers: signers).encode(record: record)
        let parsed = try ParsedEnvelope(envelope)
        #expect(parsed.signatures.map(\.keyID) == [signers[0].keyID, signers[1].keyID])
        for key in [try Self.testPublicKey(), try Self.p256Public()] {
            #expect(try EnvelopeVerifier(keys: [key]).verify(envelope).keyID == key.keyID)
        }
    }

    @Test("without a key nothing is signed")
    func noKey() {
        #expect(throws: SigningError.self) { try EnvelopeEncoder(signers: []).encode(record: []) }
    }

    @Test("signers may be used from several threads at once")
    func concurrentSigning() async throws {
        let encoder = EnvelopeEncoder(signers: [try Self.testKey(), try Self.p256()])
        let verifiers = [
            EnvelopeVerifier(keys: [try Self.testPublicKey()]), EnvelopeVerifier(keys: [try Self.p256Public()]),
        ]
        let records = try GoldenCase.all().map { Array($0.record.utf8) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for index in 0..<64 {
                group.addTask {
                    let record = records[index % records.count]
                    let envelope = try encoder.encode(record: record)
                    for verifier in verifiers {
                        let payload = try verifier.verify(envelope).payload
                        #expect(payload == record)
                    }
                }
            }
            try await group.waitForAll()
        }
    }
}

/// A signature of r and s, 32 bytes each, as ASN.1 DER.
private func derSignature(_ raw: [UInt8]) -> [UInt8] {
    func integer(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        var digits = Array(bytes.drop { $0 == 0 })
        if digits.first.map({ $0 >= 0x80 }) ?? true { digits.insert(0, at: 0) }
        return [0x02, UInt8(digits.count)] + digits
    }
    let content = integer(raw.prefix(32)) + integer(raw.suffix(32))
    return [0x30, UInt8(content.count)] + content
}
