import CommandLineTool
import Observability

extension Settings.Log {
    /// The program's logger: to standard error, text on a terminal and JSON lines otherwise, unless the settings say which.
    func logger(_ terminal: Terminal) -> Logger {
        let isText = format.map { $0 == .text } ?? terminal.error.isTerminal
        let handler: any LogHandler =
            isText ? TextLogHandler(isColoured: terminal.isColoured(terminal.error)) : JSONLogHandler()
        return Logger(label: Program.name, level: level, handler: handler)
    }
}

extension Settings.Log {
    /// For one-off commands, which report what fails themselves: only what is at least this severe, unless details are
    /// asked for.
    func quietLogger(_ terminal: Terminal, atLeast minimum: Logger.Level = .error) -> Logger {
        var quiet = self
        if quiet.level > .debug { quiet.level = max(quiet.level, minimum) }
        return quiet.logger(terminal)
    }
}
