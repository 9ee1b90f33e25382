import CommandLineTool
import Testing
import TrustlogTestKit

/// What `scripts/check_evidence.py` found: the table held against the topic by tools that are not ours.
struct Evidence: Sendable {
    let rows: Int
    let trustlogged: Int
    let envelopes: Int
    let distinctOpIds: Int
    /// Envelopes beyond the first of each `opId`.
    let repeats: Int
    let positionsUnknown: Int
    /// Empty if the table and the topic agree: every row has its envelope where it says, every envelope its row, every
    /// record is the one that the row gives, every repeat is the same bytes, first appearances are in order.
    let faults: String

    init(_ text: String) throws {
        let json = try JSONValue(json: text)
        func number(_ name: String) throws -> Int {
            guard let value = json[name]?.integerValue else { throw CommandError("no \(name) in \(text.prefix(500))") }
            return value
        }
        rows = try number("rows")
        trustlogged = try number("trustlogged")
        envelopes = try number("envelopes")
        distinctOpIds = try number("distinctOpIds")
        repeats = try number("repeats")
        positionsUnknown = try number("positionsUnknown")
        let members = if case .object(let members)? = json["faults"] { members } else { [JSONValue.Member]() }
        faults = members.map { "\($0.name): \($0.value["count"]?.integerValue ?? 0) \($0.value["examples"] ?? .null)" }
            .joined(separator: "\n")
    }
}

extension Sidecar {
    /// Reads the whole table and both topics and compares them.
    func evidence() async throws -> Evidence {
        let rows = folder["rows.jsonl"]
        try FileTree.write(try await database.operationRows(), to: rows)
        try await dump(output, to: folder["envelopes.tsv"])
        try await dump(input, to: folder["input.tsv"])
        let result = try await Command.check(
            [
                PythonVerifier.interpreter, "\(Checkout.root)/scripts/check_evidence.py", "--rows", rows,
                "--envelopes", folder["envelopes.tsv"], "--input", folder["input.tsv"],
            ], timeout: .seconds(300))
        return try Evidence(result.text)
    }

    /// Checks the signatures of everything on the trustlog topic by securesystemslib, and of a sample by OpenSSL.
    func expectValidSignatures(
        distinct: Int, sample: Int = 5, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let envelopes = try await kcat.consume(output).map(\.text)
        try FileTree.write(envelopes.map { $0 + "\n" }.joined(), to: folder["envelopes"])
        let verdict = try await PythonVerifier.verify(envelopes: folder["envelopes"], keys: [publicKey])
        #expect(verdict.valid == envelopes.count, "\(verdict.reasons)", sourceLocation: sourceLocation)
        #expect(verdict.invalid == 0, sourceLocation: sourceLocation)
        #expect(verdict.distinctOpIds == distinct, sourceLocation: sourceLocation)
        for index in stride(from: 0, to: envelopes.count, by: max(1, envelopes.count / sample)) {
            let result = try await Command.run(
                ["\(Checkout.root)/scripts/verify_with_openssl.sh", publicKey], input: Array(envelopes[index].utf8))
            #expect(result.code == 0, "OpenSSL: \(result.errorText)\(result.text)", sourceLocation: sourceLocation)
        }
    }

    /// A message a line: partition, offset, key, value.
    private func dump(_ topic: String, to file: String) async throws {
        let result = try await kcat.read(topic, format: #"%p\t%o\t%k\t%s\n"#)
        try FileTree.write(result.output, to: file)
    }
}
