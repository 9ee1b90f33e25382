/// Completion for fish: one `complete` line a word, each with the command path that it belongs to.
struct FishCompletion {
    let program: String
    let nodes: [CompletionNode]

    var script: String {
        """
        # fish completion for \(program): put this file as \(program).fish into ~/.config/fish/completions/.
        function \(pathFunction)
            set -l path \(quoted(program))
            set -l skip 0
            for word in (commandline -opc)[2..-1]
                if test $skip = 1
                    set skip 0
                    continue
                end
                switch "$path $word"
                    \(cases.joined(separator: "\n            "))
                end
            end
            test "$path" = "$argv"
        end

        complete -c \(program) -f
        \(nodes.flatMap(lines).joined(separator: "\n"))

        """
    }

    private var pathFunction: String { "_" + functionName(program) + "_at" }

    private var cases: [String] {
        let paths = nodes.dropFirst().flatMap {
            ["case \(quoted($0.path))", "    set path \(quoted($0.path))"]
        }
        let valued = nodes.flatMap { node in
            node.options.filter { $0.kind == .option }.flatMap(\.spellings).map { quoted("\(node.path) \($0)") }
        }
        return paths + (valued.isEmpty ? [] : ["case " + valued.joined(separator: " "), "    set skip 1"])
    }

    private func lines(_ node: CompletionNode) -> [String] {
        let start = "complete -c \(program) -n \(quoted("\(pathFunction) \(node.path)"))"
        let commands = node.subcommands.map { "\(start) -a \(quoted($0.name)) -d \(quoted($0.abstract))" }
        let options = node.options.map { option in
            let short = option.short.map { " -s \($0)" } ?? ""
            // -x: needs a value, which is no file; -r -F: needs one that is.
            let needed = option.completion == .file ? " -r" : " -x"
            let value = option.kind == .option ? needed + action(option.completion) : ""
            return "\(start)\(short) -l \(option.name)\(value) -d \(quoted(option.help))"
        }
        let arguments = node.arguments.map { start + action($0.completion) }.filter { $0 != start }
        return commands + options + arguments
    }

    private func action(_ completion: CompletionKind) -> String {
        switch completion {
        case .none: ""
        case .list(let values): " -a \(quoted(values.joined(separator: " ")))"
        case .file: " -F"
        case .directory: " -a '(__fish_complete_directories)'"
        }
    }

    /// Between single quotes fish knows two escapes: `\\'` and `\\\\`.
    private func quoted(_ text: String) -> String {
        "'" + text.reduce(into: "") { $0 += $1 == "'" || $1 == "\\" ? "\\\($1)" : "\($1)" } + "'"
    }
}
