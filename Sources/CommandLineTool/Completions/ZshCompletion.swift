/// Completion for zsh, by `_arguments` (zshcompsys(1)): one function a command.
struct ZshCompletion {
    let program: String
    let nodes: [CompletionNode]

    var script: String {
        let functions = nodes.map(function).joined(separator: "\n\n")
        return """
            #compdef \(program)
            # zsh completion for \(program): put this file as _\(program) into a directory of $fpath.

            \(functions)

            if [[ $funcstack[1] == \(functionName(program)) ]]; then
                \(functionName(program)) "$@"
            else
                compdef \(functionName(program)) \(program)
            fi

            """
    }

    private func function(_ node: CompletionNode) -> String {
        node.subcommands.isEmpty ? leaf(node) : branch(node)
    }

    private func leaf(_ node: CompletionNode) -> String {
        let specifications = node.options.map(specification) + node.arguments.map(specification)
        return """
            \(functionName(node.path))() {
                _arguments -s -S \\
                    \(specifications.joined(separator: " \\\n        "))
            }
            """
    }

    private func branch(_ node: CompletionNode) -> String {
        let commands = node.subcommands.map {
            shellQuoted("\($0.name):\(escaped($0.abstract, ":"))")
        }
        let cases = node.subcommands.filter { $0.name != "help" }.map {
            "\($0.name)) \(functionName(node.path + " " + $0.name)) ;;"
        }
        return """
            \(functionName(node.path))() {
                local curcontext="$curcontext" state line
                typeset -A opt_args
                local -a commands=(
                    \(commands.joined(separator: "\n        "))
                )
                _arguments -C \\
                    \(node.options.map(specification).joined(separator: " \\\n        ")) \\
                    '1: :->command' \\
                    '*:: :->rest'
                case $state in
                    command) _describe -t commands command commands ;;
                    rest)
                        case $line[1] in
                            \(cases.joined(separator: "\n                "))
                        esac
                        ;;
                esac
            }
            """
    }

    private func specification(_ parameter: Parameter) -> String {
        let help = "[\(escaped(parameter.help, "[]"))]"
        switch parameter.kind {
        case .argument:
            return shellQuoted(
                (parameter.isRepeated ? "*" : "") + ":\(escaped(parameter.name, ":")):\(action(parameter))")
        case .flag:
            return parameter.spellings.map { shellQuoted($0 + help) }.joined(separator: " ")
        case .option:
            let value = ":\(escaped(parameter.valueName, ":")):\(action(parameter))"
            let repeated = parameter.isRepeated ? "*" : ""
            var specifications = [shellQuoted("\(repeated)--\(parameter.name)=\(help)\(value)")]
            if let short = parameter.short {
                specifications.append(shellQuoted("\(repeated)-\(short)+\(help)\(value)"))
            }
            return specifications.joined(separator: " ")
        }
    }

    private func action(_ parameter: Parameter) -> String {
        switch parameter.completion {
        case .none: " "
        case .list(let values): "(\(values.joined(separator: " ")))"
        case .file: "_files"
        case .directory: "_files -/"
        }
    }

    /// A backslash before each of the characters that would end the part of a specification.
    private func escaped(_ text: String, _ characters: String) -> String {
        text.reduce(into: "") { result, character in
            if characters.contains(character) || character == "\\" { result += "\\" }
            result.append(character)
        }
    }
}
