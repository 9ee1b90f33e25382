import CommandLineTool
import Testing

@Suite("trustlog verify")
struct VerifyCommandTests {
    @Test("envelopes that a key has signed are valid, exit 0; without settings, offline")
    func valid() async throws {
        let evidence = try EvidenceFixture()
        let file = try evidence.directory.file("e.jsonl", try evidence.lines(0..<300))
        let outcome = await trustlog("verify", "--key", evidence.publicKey, file, file)
        #expect(outcome.code == 0)
        #expect(outcome.output == "600 valid, 0 invalid\n")
        #expect(outcome.error.isEmpty)
    }

    @Test("without --key the keys are those of the settings; without any it is exit 78")
    func keys() async throws {
        let evidence = try EvidenceFixture()
        let file = try evidence.directory.file("e.jsonl", try evidence.lines(0..<1))
        #expect(await trustlog("verify", file, "--set", "signing.key-file=\(evidence.privateKey)").code == 0)
        #expect(await trustlog("verify", file, "--set", "verify.key-files=\(evidence.publicKey)").code == 0)
        let none = await trustlog("verify", file)
        #expect(none.code == 78)
        #expect(none.error.hasPrefix("error: there is no key to verify with\nhint: "))
    }

    @Test("a key file that --key names and that is not there is exit 1, one that is there and holds no key 78")
    func keyFiles() async throws {
        let evidence = try EvidenceFixture()
        let file = try evidence.directory.file("e.jsonl", try evidence.lines(0..<1))
        let missing = await trustlog("verify", "--key", evidence.publicKey, "--key", "/no/such.pem", file)
        #expect(missing.code == 1 && missing.output.isEmpty)
        #expect(missing.error == "error: cannot read the public key /no/such.pem: No such file or directory\n")
        #expect(await trustlog("verify", "--key", "\(file)/below.pem", file).code == 1)
        #expect(await trustlog("verify", "--key", file, file).code == 78)
        #expect(await trustlog("verify", "--set", "verify.key-files=/no/such.pem", file).code == 78)
    }

    @Test("what is not valid is told by its line with the reason, exit 2")
    func invalid() async throws {
        let evidence = try EvidenceFixture()
        let foreign = try EvidenceFixture()
        let text = try evidence.lines(0..<2) + "\ngarbage\n" + foreign.lines(2..<3)
        let file = try evidence.directory.file("e.jsonl", text)
        let outcome = await trustlog("verify", "--key", evidence.publicKey, file)
        #expect(outcome.code == 2)
        #expect(
            outcome.output == """
                \(file):4: INVALID: not a DSSE envelope: not one JSON object as the contract has it: expected a JSON \
                object at byte 0
                \(file):5: INVALID: no signature of a known key verifies
                2 valid, 2 invalid

                """)
        let json = await trustlog("verify", "--key", evidence.publicKey, "-o", "json", file)
        #expect(json.code == 2)
        let document = try JSONValue(json: json.output)
        #expect(document["valid"] == 2)
        #expect(document["invalid"] == 2)
        #expect(document["failures"]?.arrayValue?.map { $0["line"] } == [4, 5])
        #expect(document["failures"]?.arrayValue?.last?["reason"] == "no signature of a known key verifies")
        let lines = await trustlog("verify", "--key", evidence.publicKey, "-o", "jsonl", file)
        #expect(lines.output.split(separator: "\n").last == #"{"valid":2,"invalid":2}"#)
    }

    /// Another order of the members, a member too many, and no JSON.
    private static let notRecords = [operationLine(1), #"{"a":1,"opId":"x"}"#, "hello", ""]

    @Test("the signature alone decides: a signed payload that is no record is valid, with a note on standard error")
    func notRecords() async throws {
        let evidence = try EvidenceFixture()
        let signed = try Self.notRecords.map { try evidence.envelope(payload: $0) }
        let file = try evidence.directory.file("e.jsonl", try evidence.lines(0..<2) + signed.joined(separator: "\n"))
        let words = ["verify", "--key", evidence.publicKey, file]
        let text = await trustlog(words)
        #expect(text.code == 0 && text.output == "6 valid, 0 invalid\n")
        #expect(
            text.error == """
                note: 4 valid envelopes hold something else than a record of Trustlog's; the first: \(file):3: not in the \
                canonical form of a record, or with other members than those of one

                """)
        let json = await trustlog(words + ["-o", "json"])
        #expect(json.code == 0 && json.output == "{\"failures\":[],\"valid\":6,\"invalid\":0}\n")
        #expect(json.error == text.error)
        let one = try evidence.directory.file("one.jsonl", signed[2])
        let alone = await trustlog("verify", "--key", evidence.publicKey, one)
        #expect(alone.code == 0)
        #expect(
            alone.error.hasPrefix("note: 1 valid envelope holds something else than a record of Trustlog's: \(one):1: ")
        )
        #expect(!alone.error.dropLast().contains("\n"))
    }

    @Test("a signed envelope of another payloadType is not valid, whatever its payload is")
    func otherType() async throws {
        let evidence = try EvidenceFixture()
        let file = try evidence.directory.file("e.jsonl", try evidence.envelope(payload: "{}", type: "text/plain"))
        let outcome = await trustlog("verify", "--key", evidence.publicKey, file)
        #expect(outcome.code == 2 && outcome.error.isEmpty)
        #expect(outcome.output.hasPrefix("\(file):1: INVALID: the payload is of type text/plain, not "))
    }

    @Test("a line of any length is one invalid line, and those behind it are read")
    func longLine() async throws {
        let evidence = try EvidenceFixture()
        let text = String(repeating: "x", count: 3_000_000) + "\n" + (try evidence.lines(0..<2))
        let file = try evidence.directory.file("e.jsonl", text)
        let outcome = await trustlog("verify", "--key", evidence.publicKey, file)
        #expect(outcome.code == 2)
        #expect(outcome.output == "\(file):1: INVALID: the line has more than 1100000 bytes\n2 valid, 1 invalid\n")
    }

    @Test("nothing to verify is no success: exit 2, with JSON all the same")
    func nothing() async throws {
        let evidence = try EvidenceFixture()
        let file = try evidence.directory.file("e.jsonl", "\n \n")
        let outcome = await trustlog("verify", "--key", evidence.publicKey, "-o", "json", file)
        #expect(outcome.code == 2)
        #expect(outcome.output == "{\"failures\":[],\"valid\":0,\"invalid\":0}\n")
        #expect(outcome.error == "error: there was nothing to verify\n")
        #expect(await trustlog("verify", "--key", evidence.publicKey, "/no/such").code == 1)
    }

    @Test("--topic reads the whole topic and names what is invalid by partition and offset")
    func topic() async throws {
        let evidence = try EvidenceFixture()
        let broker = try BrokerFixture()
        for partition in Int32(0)..<2 {
            try await broker.send(
                (0..<500).map { try evidence.envelope($0) }, to: "trustlog", partition: partition)
        }
        try await broker.send([nil], to: "trustlog", partition: 1)
        let outcome = await trustlog(
            "verify", "--topic", "--key", evidence.publicKey, "-o", "json", environment: broker.environment)
        #expect(outcome.code == 2)
        #expect(outcome.error.isEmpty)
        let document = try JSONValue(json: outcome.output)
        #expect(document["valid"] == 1_000)
        #expect(document["invalid"] == 1)
        let failure = try #require(document["failures"]?.arrayValue?.first)
        #expect(failure["partition"] == 1)
        #expect(failure["offset"] == 500)
        #expect(failure["reason"] == "the message has no value (a tombstone)")
    }

    @Test("an empty topic is exit 2, a broker that is away 69, a topic and files at once 64")
    func topicFailures() async throws {
        let evidence = try EvidenceFixture()
        let broker = try BrokerFixture()
        let empty = await trustlog("verify", "--topic", "--key", evidence.publicKey, environment: broker.environment)
        #expect(empty.code == 2)
        #expect(empty.output == "0 valid, 0 invalid\n")
        let away = await trustlog(
            "verify", "--topic", "--key", evidence.publicKey, "--timeout", "300ms", "--set",
            "kafka.bootstrap-servers=127.0.0.1:1")
        #expect(away.code == 69)
        #expect(await trustlog("verify", "--topic", "x", "--key", evidence.publicKey).code == 64)
    }
}
