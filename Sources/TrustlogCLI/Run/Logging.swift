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
