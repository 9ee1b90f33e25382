/// The shells that completions can be made for.
package enum Shell: String, CaseIterable, ExpressibleByArgument {
    case bash, zsh, fish
}

extension Command {
    /// The script that makes the shell complete this command's line. It stands alone: it never calls the program.
    package func completionScript(for shell: Shell) -> String {
        let nodes = CompletionNode.all(below: self)
        return switch shell {
        case .bash: BashCompletion(program: name, nodes: nodes).script
        case .zsh: ZshCompletion(program: name, nodes: nodes).script
        case .fish: FishCompletion(program: name, nodes: nodes).script
        }
    }
}

/// One command as a shell sees it.
struct CompletionNode {
    /// Words from the program's name on, joined by spaces.
    var path: String
    var abstract: String
    var subcommands: [(name: String, abstract: String)]
    /// Own and inherited flags and options, `--help` among them.
    var options: [Parameter]
    var arguments: [Parameter]

    static func all(below root: Command) -> [CompletionNode] {
        nodes(root, path: root.name, inherited: [], isRoot: true)
    }

    private static func nodes(
        _ command: Command, path: String, inherited: [Parameter], isRoot: Bool
    ) -> [CompletionNode] {
        let passedOn = command.parameters.filter { $0.kind != .argument } + inherited
        var builtIn = [Flag("help", short: "h", help: "Show help.").parameter]
        if isRoot, command.version != nil { builtIn.append(Flag("version", help: "Print the version.").parameter) }
        let names = command.subcommands.map { (name: $0.name, abstract: $0.abstract) }
        let node = CompletionNode(
            path: path, abstract: command.abstract,
            subcommands: names.isEmpty ? [] : names + [(name: "help", abstract: "Show help.")],
            options: passedOn + builtIn, arguments: command.parameters.filter { $0.kind == .argument })
        return [node]
            + command.subcommands.flatMap {
                nodes($0, path: path + " " + $0.name, inherited: passedOn, isRoot: false)
            }
    }
}

extension Parameter {
    /// `--name` and, if there is one, `-n`.
    var spellings: [String] { ["--\(name)"] + (short.map { ["-\($0)"] } ?? []) }
}

/// A text between single quotes, as POSIX shells read it.
func shellQuoted(_ text: String) -> String {
    "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
}

/// An identifier made of a command path: `trustlog config show` becomes `_trustlog_config_show`.
func functionName(_ path: String) -> String {
    "_" + String(path.map { $0.isLetter || $0.isNumber ? $0 : "_" })
}
