import Glibc

extension Command {
    /// Reads the command line, runs what it asks for, and reports what goes wrong on standard error.
    ///
    /// - Parameter arguments: Without the program's name.
    package func main(_ arguments: [String], terminal: Terminal) async -> ExitCode {
        let code = await perform(arguments, terminal: terminal)
        guard let failure = terminal.output.failure, failure != EPIPE, code == .success else { return code }
        terminal.report(
            CommandError(.failure, "cannot write to standard output: \(String(cString: strerror(failure)))"))
        return .failure
    }

    private func perform(_ arguments: [String], terminal: Terminal) async -> ExitCode {
        do {
            switch try ArgumentParser(root: self).parse(arguments) {
            case .help(let path):
                terminal.write(HelpText(path: path, width: terminal.output.width).render())
                return .success
            case .version(let text):
                terminal.writeLine("\(name) \(text)")
                return .success
            case .run(let invocation):
                return try await run(invocation, terminal: terminal)
            }
        } catch {
            return terminal.report(error)
        }
    }

    private func run(_ invocation: Invocation, terminal: Terminal) async throws -> ExitCode {
        do {
            return try await invocation.run(invocation.arguments, terminal)
        } catch let error as ValidationError {
            throw UsageError(
                message: error.message, usage: invocation.usage, commandPath: invocation.commandPath)
        }
    }
}

extension Terminal {
    /// Prints an error as people are to see it and returns the exit code that goes with it.
    @discardableResult
    package func report(_ error: any Error) -> ExitCode {
        switch error {
        case let error as UsageError:
            reportLine("error", error.message)
            if let suggestion = error.suggestion { self.error.write("       did you mean '\(suggestion)'?\n") }
            if !error.usage.isEmpty { self.error.write("Usage: \(error.usage)\n") }
            self.error.write("See '\(error.commandPath) --help'.\n")
            return .usage
        case let error as CommandError:
            reportLine("error", error.message)
            if let hint = error.hint { reportLine("hint", hint) }
            return error.exitCode
        default:
            reportLine("error", String(describing: error))
            return .failure
        }
    }

    /// `kind: text`, the kind in colour where there is colour.
    package func reportLine(_ kind: String, _ text: String) {
        let style: TextStyle = kind == "error" ? .red : kind == "warning" ? .yellow : .cyan
        error.write(styled("\(kind):", style, on: error) + " \(printable(text, keepsNewlines: true))\n")
    }
}
