/// The built program, for tests from the outside.
package enum TrustlogBinary {
    /// `TRUSTLOG_BINARY`, else the release build of this checkout.
    package static let path = environmentVariable("TRUSTLOG_BINARY") ?? "\(Checkout.root)/.build/release/trustlog"

    static var whatIsMissing: String? {
        FileTree.isExecutable(path) ? nil : "no \(path): run `make build`, or set TRUSTLOG_BINARY"
    }

    /// Runs a command to its end.
    package static func run(
        _ arguments: [String], environment: [String: String?] = [:], input: [UInt8]? = nil, inputFile: String? = nil,
        timeout: Duration = .seconds(60)
    ) async throws -> CommandResult {
        try await Command.run(
            [path] + arguments, environment: environment, input: input, inputFile: inputFile, timeout: timeout)
    }

    /// Runs a command that must succeed.
    @discardableResult
    package static func check(
        _ arguments: [String], environment: [String: String?] = [:], input: [UInt8]? = nil, inputFile: String? = nil,
        timeout: Duration = .seconds(60)
    ) async throws -> CommandResult {
        try await Command.check(
            [path] + arguments, environment: environment, input: input, inputFile: inputFile, timeout: timeout)
    }

    /// Makes a key pair. - Returns: the private key's file; the public key's is the same with `.pub`.
    package static func makeKey(in folder: TemporaryFolder, algorithm: String = "ed25519") async throws -> String {
        let file = folder["\(algorithm).pem"]
        try await check(["keygen", "--algorithm", algorithm, file])
        return file
    }
}
