/// What a finished command left.
package struct CommandResult: Sendable {
    package let arguments: [String]
    package let status: ExitStatus
    package let output: [UInt8]
    package let error: [UInt8]

    package var code: Int32 { status.code }
    package var text: String { String(decoding: output, as: UTF8.self) }
    package var errorText: String { String(decoding: error, as: UTF8.self) }
    /// The lines of its standard output that are not empty.
    package var lines: [Substring] { text.split(separator: "\n") }
}

/// Runs commands to their end.
package enum Command {
    /// Runs a program and waits for it.
    /// - Parameters:
    ///   - input: what it reads on standard input.
    ///   - timeout: after it the command is killed and the call throws.
    package static func run(
        _ arguments: [String], environment: [String: String?] = [:], input: [UInt8]? = nil, inputFile: String? = nil,
        timeout: Duration = .seconds(60)
    ) async throws -> CommandResult {
        let folder = try TemporaryFolder("tlc")
        var source = inputFile
        if let input {
            source = folder["in"]
            try FileTree.write(input, to: folder["in"])
        }
        let process = try ChildProcess(
            arguments, environment: environment, input: source, output: folder["out"], error: folder["err"])
        let status: ExitStatus
        do {
            status = try await process.wait(within: timeout)
        } catch {
            process.kill()
            let said = (try? FileTree.text(folder["err"])) ?? ""
            throw CommandError("\(error)\(said.isEmpty ? "" : ": \(said.suffix(2_000))")")
        }
        return CommandResult(
            arguments: arguments, status: status, output: try FileTree.read(folder["out"]),
            error: try FileTree.read(folder["err"]))
    }

    /// Runs a program that must succeed.
    /// - Throws: with what it wrote, if its exit code is not 0.
    @discardableResult
    package static func check(
        _ arguments: [String], environment: [String: String?] = [:], input: [UInt8]? = nil, inputFile: String? = nil,
        timeout: Duration = .seconds(60)
    ) async throws -> CommandResult {
        let result = try await run(
            arguments, environment: environment, input: input, inputFile: inputFile, timeout: timeout)
        guard result.status == .exited(0) else {
            throw CommandError(
                "\(arguments.prefix(4).joined(separator: " ")): \(result.status)\n"
                    + result.errorText.suffix(4_000) + result.text.suffix(1_000))
        }
        return result
    }
}
