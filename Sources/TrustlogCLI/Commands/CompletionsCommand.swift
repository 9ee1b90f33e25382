import CommandLineTool

/// `trustlog completions bash|zsh|fish`.
enum CompletionsCommand {
    private static let shell = Argument<Shell>("SHELL", help: "The shell.")

    static let command: Command = Command(
        "completions", abstract: "Print the completions of a shell.",
        discussion: """
            Where to put them:

              bash   trustlog completions bash > /etc/bash_completion.d/trustlog
              zsh    trustlog completions zsh > ~/.zfunc/_trustlog    (~/.zfunc in $fpath)
              fish   trustlog completions fish > ~/.config/fish/completions/trustlog.fish
            """,
        group: CommandGroup.setup, parameters: [shell]
    ) { arguments, terminal in
        terminal.write(RootCommand.command.completionScript(for: arguments[shell]))
        return .success
    }
}
