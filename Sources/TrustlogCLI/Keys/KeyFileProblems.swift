import CommandLineTool

/// What is wrong with several key files, each told once.
struct KeyFileProblems {
    private var errors: [CommandError] = []

    mutating func collect(_ body: () throws(CommandError) -> Void) {
        do {
            try body()
        } catch {
            // A private key is read for its public half, too.
            if !errors.contains(where: { $0.message == error.message }) { errors.append(error) }
        }
    }

    /// - Throws: all of them as one error, exit code 78.
    func check() throws(CommandError) {
        guard let first = errors.first else { return }
        if errors.count == 1 { throw first }
        let lines = errors.map { error in error.message + (error.hint.map { " (\($0))" } ?? "") }
        throw CommandError(
            .configuration, "\(lines.count) key files cannot be used:\n" + lines.joined(separator: "\n"))
    }
}
