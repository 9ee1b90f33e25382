/// What a command line asks for.
package enum ParseResult: Sendable {
    case run(Invocation)
    /// Help for the last command of the path.
    case help(path: [Command])
    case version(String)
}

/// A command that is to be run, with its values.
package struct Invocation: Sendable {
    package var run: Command.Run
    package var arguments: ParsedArguments
    package var usage: String
    package var commandPath: String
}

/// Reads a command line by a declaration: GNU's conventions (`--name value`, `--name=value`, `-n value`, `-nvalue`, `-abc`,
/// `--` ends the options, `-` is a value), subcommands by name, `help COMMAND` and `--help` everywhere.
package struct ArgumentParser {
    private var path: [Command]
    private var result = ParsedArguments()
    private var positional: [String] = []

    package init(root: Command) {
        path = [root]
    }

    /// - Parameter words: Without the program's name.
    package func parse(_ words: [String]) throws(UsageError) -> ParseResult {
        var parser = self
        return try parser.read(words)
    }

    private mutating func read(_ words: [String]) throws(UsageError) -> ParseResult {
        var rest = words[...]
        var optionsEnded = false
        while let word = rest.popFirst() {
            if optionsEnded {
                try takeWord(word)
            } else if word == "--" {
                optionsEnded = true
            } else if word == "--help" || word == "-h" {
                return .help(path: path)
            } else if word == "--version", let version = path[0].version {
                return .version(version)
            } else if word.hasPrefix("--") {
                try takeLong(word, &rest)
            } else if word.hasPrefix("-"), word != "-" {
                try takeShort(word, &rest)
            } else if word == "help", !current.subcommands.isEmpty {
                for name in rest where !name.hasPrefix("-") { try enter(name) }
                return .help(path: path)
            } else {
                try takeWord(word)
            }
        }
        return .run(try invocation())
    }

    private var current: Command { path[path.count - 1] }

    /// Flags and options that may stand here: the command's own and those of everything above it.
    private var options: [Parameter] {
        path.flatMap { $0.parameters.filter { $0.kind != .argument } }
    }

    private mutating func takeWord(_ word: String) throws(UsageError) {
        if current.subcommands.isEmpty {
            positional.append(word)
        } else {
            try enter(word)
        }
    }

    private mutating func enter(_ name: String) throws(UsageError) {
        guard let command = current.subcommands.first(where: { $0.name == name }) else {
            let names = current.subcommands.map(\.name)
            throw error("unknown command '\(name)'", suggestion: closest(to: name, among: names))
        }
        path.append(command)
    }

    private mutating func takeLong(_ word: String, _ rest: inout ArraySlice<String>) throws(UsageError) {
        let parts = word.dropFirst(2).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        let name = String(parts[0])
        guard let parameter = options.first(where: { $0.name == name }) else { throw unknownOption("--\(name)") }
        let inline = parts.count == 2 ? String(parts[1]) : nil
        switch parameter.kind {
        case .flag:
            guard inline == nil else { throw error("--\(name) takes no value") }
            result.append(true, to: parameter)
        case .option, .argument:
            let text = if let inline { inline } else { try nextValue(for: parameter, &rest) }
            try take(text, for: parameter)
        }
    }

    private mutating func takeShort(_ word: String, _ rest: inout ArraySlice<String>) throws(UsageError) {
        var letters = word.dropFirst()
        while let letter = letters.popFirst() {
            guard let parameter = options.first(where: { $0.short == letter }) else {
                throw unknownOption("-\(letter)")
            }
            if parameter.kind == .flag {
                result.append(true, to: parameter)
                continue
            }
            if letters.first == "=" { letters.removeFirst() }
            let text = letters.isEmpty ? try nextValue(for: parameter, &rest) : String(letters)
            try take(text, for: parameter)
            return
        }
    }

    /// The next word, unless it is itself one of the options here: then the value was forgotten.
    private func nextValue(
        for parameter: Parameter, _ rest: inout ArraySlice<String>
    ) throws(UsageError) -> String {
        let next = rest.popFirst()
        let isOption = next.map { next in options.contains { "--\($0.name)" == next } || next == "--" } ?? false
        guard let next, !isOption else { throw error("\(parameter.label) needs a value: \(parameter.valueName)") }
        return next
    }

    private mutating func take(_ text: String, for parameter: Parameter) throws(UsageError) {
        guard let value = parameter.read(text) else {
            throw error(
                "\(parameter.label): '\(text)' is not \(parameter.expectation)",
                suggestion: closest(to: text, among: parameter.allowedValues))
        }
        result.append(value, to: parameter)
    }

    private mutating func invocation() throws(UsageError) -> Invocation {
        guard let run = current.run else {
            throw error(path.count == 1 ? "a command is missing" : "a command is missing behind '\(commandPath)'")
        }
        try placePositional()
        if let missing = path.flatMap(\.parameters).first(where: { $0.isRequired && !result.has($0) }) {
            throw error("\(missing.kind == .argument ? missing.name : missing.label) is missing")
        }
        return Invocation(
            run: run, arguments: result, usage: HelpText(path: path).usage, commandPath: commandPath)
    }

    private mutating func placePositional() throws(UsageError) {
        var words = positional[...]
        for parameter in current.parameters where parameter.kind == .argument {
            while let word = words.popFirst() {
                try take(word, for: parameter)
                guard parameter.isRepeated else { break }
            }
        }
        if let surplus = words.first { throw error("unexpected argument '\(surplus)'") }
    }

    private func unknownOption(_ option: String) -> UsageError {
        let known = options.map { "--\($0.name)" } + ["--help"] + (path[0].version == nil ? [] : ["--version"])
        return error("unknown option '\(option)'", suggestion: closest(to: option, among: known))
    }

    private var commandPath: String { path.map(\.name).joined(separator: " ") }

    private func error(_ message: String, suggestion: String? = nil) -> UsageError {
        UsageError(
            message: message, suggestion: suggestion, usage: HelpText(path: path).usage, commandPath: commandPath)
    }
}
