import CSystem
import CommandLineTool
import Glibc

// A reader that goes away (`trustlog tail | head`) is told by the write that fails.
signal(SIGPIPE, SIG_IGN)

// One heap a thread would keep many megabytes that other threads have freed; a dozen threads share two.
trustlog_limit_heaps(2)

let terminal = Terminal.standard(environment: Program.environment())
let exitCode = await RootCommand.command.main(Array(CommandLine.arguments.dropFirst()), terminal: terminal)

// No exit(3): it would take down OpenSSL's tables under threads of the drivers that are still ending.
fflush(nil)
_exit(exitCode.rawValue)
