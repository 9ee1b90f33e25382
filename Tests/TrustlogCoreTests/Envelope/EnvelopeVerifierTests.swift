import Testing

@testable import TrustlogCore

@Suite("Verification of envelopes")
struct EnvelopeVerifierTests {
    let signer: any EnvelopeSigner
    let key: PublicKey
    let otherSigner: any EnvelopeSigner
    let otherKey: PublicKey
    let record: [UInt8]

    init() throws {
        signer = try EnvelopeTests.testKey()
        key = try EnvelopeTests.testPublicKey()
        otherSigner = try EnvelopeTests.p256()
        otherKey = try EnvelopeTests.p256Public()
        record = Array(try GoldenCase.all()[2].record.utf8)
    }

    func signature(_ signer: any EnvelopeSigner, _ payload: [UInt8], type: String = Envelope.payloadType) throws
        -> [UInt8]
    {
        let message = Envelope.preAuthenticationEncoding(payloadType: type, payload: payload)
        return try message.withUnsafeBytes { try signer.sign($0) }
    }

    /// An envelope put together by hand.
    func envelope(
        payload: String? = nil, type: String = Envelope.payloadType, signatures: [String]
    ) -> [UInt8] {
        let payload = payload ?? encodeBase64(record)
        let text =
            #"{"payload":"\#(payload)","payloadType":"\#(type)","signatures":[\#(signatures.joined(separator: ","))]}"#
        return Array(text.utf8)
    }

    func entry(_ signature: [UInt8], keyID: String? = nil) -> String {
        let keyID = keyID.map { #""keyid":"\#($0)","# } ?? ""
        return #"{\#(keyID)"sig":"\#(encodeBase64(signature))"}"#
    }

    func verify(_ envelope: [UInt8], keys: [PublicKey]? = nil) -> Result<VerifiedRecord, VerificationError> {
        do throws(VerificationError) {
            return .success(try EnvelopeVerifier(keys: keys ?? [key, otherKey]).verify(envelope))
        } catch {
            return .failure(error)
        }
    }

    func error(_ envelope: [UInt8], keys: [PublicKey]? = nil) -> VerificationError? {
        if case .failure(let error) = verify(envelope, keys: keys) { error } else { nil }
    }

    @Test("the keyid is a hint only: missing, unknown or another key's, the right key is found")
    func keyIDIsAHint() throws {
        let bytes = try signature(signer, record)
        for keyID in [nil, "", "unknown", signer.keyID, otherSigner.keyID] {
            let verified = try verify(envelope(signatures: [entry(bytes, keyID: keyID)])).get()
            #expect(verified.keyID == signer.keyID)
            #expect(verified.payload == record)
        }
        let claimed = envelope(signatures: [entry(try signature(otherSigner, record), keyID: signer.keyID)])
        #expect(error(claimed, keys: [key]) == .noValidSignature)
    }

    @Test("one signature of one known key is enough, whatever the others are")
    func oneIsEnough() throws {
        let good = entry(try signature(signer, record), keyID: signer.keyID)
        let bad = [
            entry([]), entry([1, 2, 3], keyID: signer.keyID),
            entry([UInt8](repeating: 0, count: 64), keyID: signer.keyID),
        ]
        #expect(throws: Never.self) { try verify(envelope(signatures: bad + [good])).get() }
        #expect(throws: Never.self) { try verify(envelope(signatures: [good] + bad)).get() }
        #expect(error(envelope(signatures: bad)) == .noValidSignature)
        #expect(error(envelope(signatures: [good]), keys: [otherKey]) == .noValidSignature)
        #expect(error(envelope(signatures: [good]), keys: []) == .noValidSignature)
    }

    @Test(
        "a signature that cannot be decoded does not spoil the others",
        arguments: [#"{"sig":"*"}"#, #"{"sig":null}"#, #"{"keyid":"a"}"#, "{}", "null", "1", #"[{"sig":"AA"}]"#])
    func undecodable(element: String) throws {
        let good = entry(try signature(signer, record), keyID: signer.keyID)
        for signatures in [[element, good], [good, element]] {
            #expect(throws: Never.self) { try verify(envelope(signatures: signatures)).get() }
        }
        #expect(error(envelope(signatures: [element, entry([1])])) == .noValidSignature)
        guard case .malformed = error(envelope(signatures: [element])) else {
            Issue.record("not malformed")
            return
        }
    }

    @Test("a change of any bit of payload or signature is found", arguments: 0..<64)
    func tampering(round: Int) throws {
        var generator = SeededGenerator(seed: UInt64(round))
        let key = round % 2 == 0 ? self.key : otherKey
        var payload = record
        var bytes = try signature(round % 2 == 0 ? signer : otherSigner, record)
        let bit = UInt8(1) << UInt8.random(in: 0..<8, using: &generator)
        if round % 4 < 2 {
            payload[Int.random(in: payload.indices, using: &generator)] ^= bit
        } else {
            bytes[Int.random(in: bytes.indices, using: &generator)] ^= bit
        }
        let changed = envelope(payload: encodeBase64(payload), signatures: [entry(bytes)])
        #expect(error(changed, keys: [key]) == .noValidSignature)
    }

    @Test(
        "the payload type is signed, too: a signed one of another type is told apart, an unsigned change is not valid")
    func payloadType() throws {
        let other = try signature(signer, record, type: "text/plain")
        #expect(error(envelope(type: "text/plain", signatures: [entry(other)])) == .wrongPayloadType("text/plain"))
        #expect(error(envelope(signatures: [entry(other)])) == .noValidSignature)
        let ours = try signature(signer, record)
        #expect(error(envelope(type: "text/plain", signatures: [entry(ours)])) == .noValidSignature)
    }

    @Test(
        "what is signed but no record is told apart, its signature valid all the same",
        arguments: ["", "{}", "hello", "{\"opId\":\"a\"}", "\u{0}"])
    func notARecord(text: String) throws {
        let payload = Array(text.utf8)
        let bytes = try signature(signer, payload)
        let signed = envelope(payload: encodeBase64(payload), signatures: [entry(bytes)])
        guard case .notARecord = error(signed) else {
            Issue.record("not told apart")
            return
        }
        let verified = try EnvelopeVerifier(keys: [otherKey, key]).verifySignature(signed)
        #expect(verified.payload == payload && verified.keyID == signer.keyID)
    }

    @Test("both alphabets of base64 are read, with and without padding")
    func alphabets() throws {
        let bytes = try signature(signer, record)
        for isURLSafe in [false, true] {
            for isPadded in [false, true] {
                func spelt(_ bytes: [UInt8]) -> String {
                    var text = encodeBase64(bytes)
                    if isURLSafe { text = text.replacing("+", with: "-").replacing("/", with: "_") }
                    if !isPadded { text = text.replacing("=", with: "") }
                    return text
                }
                let envelope = envelope(payload: spelt(record), signatures: [#"{"sig":"\#(spelt(bytes))"}"#])
                #expect(throws: Never.self) { try verify(envelope).get() }
            }
        }
    }

    @Test("unknown members, another order, white space and escapes do not matter")
    func form() throws {
        let text = """
             { "x" : {"payload":1}, "signatures" : [ { "y" : [1e999, null], "s\\u0069g" : "\(encodeBase64(try signature(signer, record)))" } ],
               "payloadType" : "\(Envelope.payloadType.replacing("/", with: "\\/"))" , "payload" : "\(encodeBase64(record).replacing("A", with: "\\u0041"))" }\n
            """
        #expect(throws: Never.self) { try verify(Array(text.utf8)).get() }
    }

    @Test(
        "what is no envelope is malformed",
        arguments: [
            "", "null", "[]", "{}", #"{"payload":"","payloadType":"t"}"#,
            #"{"payload":"","payloadType":"t","signatures":[]}"#,
            #"{"payload":"","payloadType":"t","signatures":{}}"#, #"{"payload":"","payloadType":"t","signatures":[1]}"#,
            #"{"payload":"","payloadType":"t","signatures":[{}]}"#,
            #"{"payload":"","payloadType":"t","signatures":[{"sig":1}]}"#,
            #"{"payload":"","payloadType":"t","signatures":[{"sig":null},{"sig":"*"}]}"#,
            #"{"payload":"A","payloadType":"t","signatures":[{"sig":"AA"}]}"#,
            #"{"payload":1,"payloadType":"t","signatures":[{"sig":"AA"}]}"#,
            #"{"payload":"","payloadType":1,"signatures":[{"sig":"AA"}]}"#,
            #"{"payloadType":"t","signatures":[{"sig":"AA"}]}"#,
            #"{"payload":"","signatures":[{"sig":"AA"}]}"#,
            #"{"payload":"","payload":"","payloadType":"t","signatures":[{"sig":"AA"}]}"#,
            #"{"payload":"","payloadType":"t","signatures":[{"sig":"AA","sig":"AA"}]}"#,
            #"{"payload":"","payloadType":"t","signatures":[{"sig":"AA"}]}x"#, "\u{FEFF}{}",
        ])
    func malformed(text: String) {
        guard case .malformed = error(Array(text.utf8)) else {
            Issue.record("not malformed")
            return
        }
    }

    @Test("each error says what is wrong")
    func descriptions() throws {
        let other = try signature(signer, record, type: "text/plain")
        let told = error(envelope(type: "text/plain", signatures: [entry(other)]))?.description
        #expect(told?.contains("text/plain") == true)
        #expect(told?.contains(Envelope.payloadType) == true)
        #expect(
            error([])?.description
                == "not a DSSE envelope: not one JSON object as the contract has it: the text ends too early at byte 0")
        #expect(VerificationError.noValidSignature.description.contains("known key"))
        let bytes = try signature(signer, Array("{}".utf8))
        let empty = error(envelope(payload: "e30=", signatures: [entry(bytes)]))?.description
        #expect(empty?.contains("opId is missing") == true)
    }

    @Test("size and number of signatures are bounded")
    func bounds() throws {
        let good = entry(try signature(signer, record))
        let bad = entry([0])
        #expect(error(envelope(signatures: Array(repeating: bad, count: 63) + [good])) == nil)
        guard case .malformed = error(envelope(signatures: Array(repeating: bad, count: 64) + [good])),
            case .malformed = error(envelope(signatures: [good]) + [UInt8](repeating: 0x20, count: 1_048_576))
        else {
            Issue.record("not bounded")
            return
        }
    }
}
