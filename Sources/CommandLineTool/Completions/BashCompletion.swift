/// Completion for bash 4 and later, without the package bash-completion.
///
/// bash splits words at `=` (COMP_WORDBREAKS), so `--name=value` arrives as three words.
struct BashCompletion {
    let program: String
    let nodes: [CompletionNode]

    var script: String {
        """
        # bash completion for \(program): source this file, or put it into /etc/bash_completion.d/.
        \(functionName(program))() {
            local current="${COMP_WORDS[COMP_CWORD]}" previous="${COMP_WORDS[COMP_CWORD - 1]}"
            local path=\(shellQuoted(program)) index words="" kind=""
            COMPREPLY=()
            if [[ $current == "=" ]]; then
                current=""
            elif [[ $previous == "=" ]]; then
                previous="${COMP_WORDS[COMP_CWORD - 2]}"
            fi
            for ((index = 1; index < COMP_CWORD; index++)); do
                case "$path ${COMP_WORDS[index]}" in
                    \(lines(optionPatterns, indent: 12))
                    \(lines(pathPatterns, indent: 12))
                esac
            done
            case "$path $previous" in
                \(lines(valuePatterns, indent: 8))
                *)
                    case "$path" in
                        \(lines(nodes.map(wordsOf), indent: 16))
                    esac
                    ;;
            esac
            case "$kind" in
                file | directory)
                    compopt -o filenames 2>/dev/null
                    local action=-f
                    [[ $kind == directory ]] && action=-d
                    mapfile -t COMPREPLY < <(compgen "$action" -- "$current")
                    ;;
            esac
            if [[ -n $words ]]; then
                mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -W "$words" -- "$current")
            fi
        }
        complete -F \(functionName(program)) \(program)

        """
    }

    /// Skips the values of options, which may be named like a command.
    private var optionPatterns: [String] {
        let patterns = nodes.flatMap { node in
            node.options.filter { $0.kind == .option }.flatMap(\.spellings).map { shellQuoted("\(node.path) \($0)") }
        }
        guard !patterns.isEmpty else { return [] }
        return [
            patterns.joined(separator: " | ") + ")",
            "    [[ ${COMP_WORDS[index + 1]} == \"=\" ]] && ((index++))",
            "    ((index++))",
            "    ;;",
        ]
    }

    private var pathPatterns: [String] {
        nodes.dropFirst().map { "\(shellQuoted($0.path))) path=\(shellQuoted($0.path)) ;;" }
    }

    private var valuePatterns: [String] {
        nodes.flatMap { node in
            node.options.filter { $0.kind == .option }.map { option in
                let patterns = option.spellings.map { shellQuoted("\(node.path) \($0)") }.joined(separator: " | ")
                return "\(patterns)) \(assignment(option.completion)) ;;"
            }
        }
    }

    private func wordsOf(_ node: CompletionNode) -> String {
        let options = node.options.flatMap(\.spellings).joined(separator: " ")
        let commands = node.subcommands.map(\.name).joined(separator: " ")
        var choice = node.subcommands.isEmpty ? ":" : "words=\(shellQuoted(commands))"
        if let argument = node.arguments.first { choice = assignment(argument.completion) }
        return
            "\(shellQuoted(node.path))) if [[ $current == -* ]]; then words=\(shellQuoted(options)); else \(choice); fi ;;"
    }

    private func assignment(_ completion: CompletionKind) -> String {
        switch completion {
        case .none: ":"
        case .list(let values): "words=\(shellQuoted(values.joined(separator: " ")))"
        case .file: "kind=file"
        case .directory: "kind=directory"
        }
    }

    private func lines(_ lines: [String], indent: Int) -> String {
        lines.isEmpty ? "" : lines.joined(separator: "\n" + String(repeating: " ", count: indent))
    }
}
