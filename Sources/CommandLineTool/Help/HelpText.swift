/// The help of one command, made from its declaration.
package struct HelpText {
    private let path: [Command]
    private let width: Int

    /// - Parameter path: From the root to the command; not empty.
    package init(path: [Command], width: Int = 80) {
        self.path = path
        self.width = min(max(width, 40), 100)
    }

    /// How the command is called, in one line.
    package var usage: String {
        guard let command = path.last else { return "" }
        var words = path.map(\.name)
        if !command.subcommands.isEmpty { words.append("COMMAND") }
        let named = command.parameters.filter { $0.kind != .argument }
        words += named.filter(\.isRequired).map { "\($0.label) \($0.valueName)" }
        if command.subcommands.isEmpty, named.count <= 6 {
            words += named.filter { !$0.isRequired }.map { "[\(synopsis($0))]" + ($0.isRepeated ? "..." : "") }
        } else if named.contains(where: { !$0.isRequired }) {
            words.append("[OPTIONS]")
        }
        words += command.parameters.filter { $0.kind == .argument }.map {
            $0.isRequired ? $0.name : "[\($0.name)\($0.isRepeated ? "..." : "")]"
        }
        return words.joined(separator: " ")
    }

    package func render() -> String {
        guard let command = path.last else { return "" }
        var sections = [wrap(command.abstract, width: width).joined(separator: "\n")]
        sections.append(usageSection)
        if !command.discussion.isEmpty { sections.append(contentsOf: paragraphs(command.discussion)) }
        sections += commandSections(command)
        sections += parameterSection("Arguments", command.parameters.filter { $0.kind == .argument })
        sections += parameterSection("Options", command.parameters.filter { $0.kind != .argument }, builtIn: true)
        let inherited = path.dropLast().flatMap { $0.parameters.filter { $0.kind != .argument } }
        sections += parameterSection("Global options", inherited)
        return sections.joined(separator: "\n\n") + "\n"
    }

    private var usageSection: String {
        let lines = wrap(usage, width: width - "Usage: ".count - 4)
        return "Usage: " + lines.joined(separator: "\n           ")
    }

    private func synopsis(_ parameter: Parameter) -> String {
        let name = parameter.short.map { "-\($0)" } ?? parameter.label
        return parameter.kind == .flag ? name : "\(name) \(parameter.valueName)"
    }

    private func commandSections(_ command: Command) -> [String] {
        var groups: [(title: String, entries: [(String, String)])] = []
        for subcommand in command.subcommands {
            let title = subcommand.group ?? "Commands"
            let entry = (subcommand.name, subcommand.abstract)
            if let index = groups.firstIndex(where: { $0.title == title }) {
                groups[index].entries.append(entry)
            } else {
                groups.append((title, [entry]))
            }
        }
        let indent = indentation(command.subcommands.map(\.name))
        return groups.map { section($0.title, $0.entries, indent: indent) }
    }

    private func parameterSection(_ title: String, _ parameters: [Parameter], builtIn: Bool = false) -> [String] {
        var entries = parameters.map { (term($0), description($0)) }
        if builtIn {
            if path.count == 1, path[0].version != nil { entries.append(("    --version", "Print the version.")) }
            entries.append(("-h, --help", "Show this help."))
        }
        return entries.isEmpty ? [] : [section(title, entries, indent: indentation(entries.map(\.0)))]
    }

    private func term(_ parameter: Parameter) -> String {
        guard parameter.kind != .argument else { return parameter.name }
        let names = (parameter.short.map { "-\($0), " } ?? "    ") + parameter.label
        return parameter.kind == .flag ? names : "\(names) \(parameter.valueName)"
    }

    private func description(_ parameter: Parameter) -> String {
        var notes: [String] = []
        if !parameter.allowedValues.isEmpty { notes.append(parameter.allowedValues.joined(separator: ", ")) }
        if let text = parameter.defaultText { notes.append("default: \(text)") }
        if parameter.isRequired, parameter.kind == .option { notes.append("required") }
        if parameter.isRepeated, parameter.kind == .option { notes.append("repeatable") }
        return parameter.help + (notes.isEmpty ? "" : " (\(notes.joined(separator: "; ")))")
    }

    /// Where the texts behind these terms begin.
    private func indentation(_ terms: [String]) -> Int {
        min((terms.map(displayWidth).max() ?? 0) + 4, 30)
    }

    private func section(_ title: String, _ entries: [(term: String, text: String)], indent: Int) -> String {
        let lines = entries.flatMap { entry in
            let text = wrap(entry.text, width: max(width - indent, 20))
            let head = "  " + entry.term
            let gap = indent - displayWidth(head)
            let margin = String(repeating: " ", count: indent)
            guard gap >= 2 else { return [head] + text.map { margin + $0 } }
            return [head + String(repeating: " ", count: gap) + (text.first ?? "")]
                + text.dropFirst().map { margin + $0 }
        }
        return "\(title):\n" + lines.joined(separator: "\n")
    }

    private func paragraphs(_ text: String) -> [String] {
        splitParagraphs(text).map { paragraph in
            paragraph.hasPrefix(" ") ? paragraph : wrap(paragraph, width: width).joined(separator: "\n")
        }
    }
}
