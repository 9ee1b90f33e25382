import CommandLineTool
import Glibc

// A reader that goes away (`trustlog tail | head`) is told by the write that fails.
signal(SIGPIPE, SIG_IGN)

let terminal = Terminal.standard(environment: Program.environment())
let exitCode = await RootCommand.command.main(Array(CommandLine.arguments.dropFirst()), terminal: terminal)
exit(exitCode.rawValue)
