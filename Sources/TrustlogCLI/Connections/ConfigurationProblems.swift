import CommandLineTool

/// Errors of which one does not hide the others, each told once.
struct ConfigurationProblems {
    private var errors: [CommandError] = []

    mutating func collect(_ body: () throws(CommandError) -> Void) {
        do {
            try body()
        } catch {
            add(error)
        }
    }

    mutating func add(_ error: CommandError) {
        // Two settings may name the same file.
        if !errors.contains(where: { $0.message == error.message }) { errors.append(error) }
    }

    /// - Parameter heading: above several, of their number.
    /// - Throws: all of them as one error, exit code 78.
    func check(_ heading: (Int) -> String) throws(CommandError) {
        guard let first = errors.first else { return }
        if errors.count == 1 { throw first }
        let lines = errors.map { error in error.message + (error.hint.map { " (\($0))" } ?? "") }
        throw CommandError(.configuration, heading(lines.count) + ":\n" + lines.joined(separator: "\n"))
    }
}
