/// The verifiers from PyPI, in the environment that `make setup-test` makes.
package enum PythonVerifier {
    static let interpreter = environmentVariable("TRUSTLOG_PYTHON") ?? "\(Checkout.root)/.venv/bin/python"

    static var whatIsMissing: String? {
        FileTree.isExecutable(interpreter) ? nil : "no \(interpreter): run `make setup-test`"
    }

    package struct Verdict: Sendable, Equatable {
        package let valid: Int
        package let invalid: Int
        package let distinctOpIds: Int
        /// Why envelopes are not valid.
        package let reasons: String
    }

    /// Verifies envelopes, one a line, by `securesystemslib` and `rfc8785`.
    package static func verify(envelopes file: String, keys: [String]) async throws -> Verdict {
        let script = "\(Checkout.root)/scripts/verify_envelopes.py"
        let result = try await Command.run(
            [interpreter, script] + keys + ["--file", file], timeout: .seconds(600))
        guard let valid = number("valid", in: result.text), let invalid = number("invalid", in: result.text),
            let distinct = number("distinctOpIds", in: result.text)
        else { throw CommandError("\(script): \(result.status): \(result.errorText)") }
        return Verdict(
            valid: valid, invalid: invalid, distinctOpIds: distinct, reasons: String(result.errorText.prefix(2_000)))
    }

    private static func number(_ name: String, in text: String) -> Int? {
        guard let range = text.firstRange(of: "\"\(name)\": ") else { return nil }
        return Int(text[range.upperBound...].prefix { $0.isNumber })
    }
}
