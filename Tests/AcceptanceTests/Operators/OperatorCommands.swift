import CommandLineTool
import TrustlogTestKit

extension Sidecar {
    /// Runs a command of the program against this deployment.
    /// - Parameter settings: over those of the deployment.
    func command(
        _ words: String..., settings: [String: String] = [:], timeout: Duration = .seconds(120)
    ) async throws -> CommandResult {
        try await TrustlogBinary.run(words + options(settings), timeout: timeout)
    }

    /// Starts a command that a test is going to interrupt; standard output goes to a file.
    func launchCommand(_ words: [String], output: String) throws -> ChildProcess {
        try ChildProcess([TrustlogBinary.path] + words + options(), output: folder[output], error: folder["errors"])
    }

    /// The JSON that a command prints.
    func json(_ words: String...) async throws -> JSONValue {
        let result = try await TrustlogBinary.check(words + ["-o", "json"] + options())
        return try JSONValue(json: result.text)
    }
}

extension CommandResult {
    /// The JSON lines of `replay`, by their event.
    func events(_ name: String) throws -> [JSONValue] {
        try lines.map { try JSONValue(json: String($0)) }.filter { $0["event"]?.stringValue == name }
    }
}
