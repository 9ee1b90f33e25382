import CommandLineTool

/// One thing that `config check --connect` found out.
struct Finding: Sendable, Equatable {
    enum Verdict: Sendable, Equatable {
        case ok
        /// The service would run, but somebody should know.
        case warning
        /// Does not answer.
        case unreachable
        /// The service cannot do its work before somebody changes something.
        case wrong
    }

    var verdict: Verdict
    /// What was looked at: `broker`, `topic operations`, `database`.
    var subject: String
    var text: String
    /// What to do.
    var hint: String?

    init(_ verdict: Verdict, _ subject: String, _ text: String, hint: String? = nil) {
        self.verdict = verdict
        self.subject = subject
        self.text = text
        self.hint = hint
    }

    func line(_ terminal: Terminal) -> String {
        let (name, style): (String, TextStyle) =
            switch verdict {
            case .ok: ("ok", .green)
            case .warning: ("warning", .yellow)
            case .unreachable, .wrong: ("error", .red)
            }
        let word = terminal.styled(name, style, on: terminal.output) + String(repeating: " ", count: 9 - name.count)
        return word + printable("\(subject): \(text)" + (hint.map { "; \($0)" } ?? ""))
    }
}

extension [Finding] {
    /// 78 where something has to be changed, 69 where something does not answer; warnings are no failure.
    var exitCode: ExitCode {
        if contains(where: { $0.verdict == .wrong }) { return .configuration }
        return contains { $0.verdict == .unreachable } ? .unreachable : .success
    }
}
