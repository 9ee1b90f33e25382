/// `config show`: the effective settings as YAML that `--config` takes, with the origin of each value as a comment.
package struct SettingsShow {
    private let loaded: LoadedSettings

    package init(_ loaded: LoadedSettings) {
        self.loaded = loaded
    }

    package func yaml() -> String {
        var lines: [String] = []
        var group = ""
        for setting in SettingsTable.all {
            let (head, name) = split(setting.key)
            if head != group {
                group = head
                if !head.isEmpty { lines.append("\(head):") }
            }
            lines.append((head.isEmpty ? "" : "  ") + line(setting, name))
            if setting.key == "kafka.create-topics" { lines += propertyLines() }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private func line(_ setting: Setting, _ name: String) -> String {
        if let path = loaded.secretFiles[setting.key] {
            return "\(name)-file: \(scalar(path)) \(comment(setting.key))"
        }
        if setting.key == "input.dead-letter-topic", loaded.origins[setting.key] == nil {
            return "\(name): \(scalar(loaded.settings.input.deadLetterTopic)) # default"
        }
        guard let texts = setting.texts(loaded.settings), !(setting.isList && texts.isEmpty) else {
            return setting.isList && setting.defaultNote == nil
                ? "\(name): [] \(comment(setting.key))" : "# \(name): not set\(note(setting))"
        }
        // The type of the URL masks only the password in it; any other secret is masked as a whole.
        let isMasked = setting.isSecret && setting.key != "database.url"
        let shown = isMasked ? [Secret.mask] : texts
        let written = shown.map { setting.form == .freeText || setting.form == .syntax ? scalar($0) : $0 }
        let value = setting.isList ? "[\(written.joined(separator: ", "))]" : written.joined()
        return "\(name): \(value) \(comment(setting.key))"
    }

    /// Without the quotation marks of Markdown.
    private func note(_ setting: Setting) -> String {
        setting.defaultNote.map { " (\($0.filter { $0 != "`" }))" } ?? ""
    }

    private func propertyLines() -> [String] {
        SettingsTable.propertyGroups.flatMap { group -> [String] in
            let properties = loaded.settings[keyPath: group.path].sorted { $0.key < $1.key }
            let (_, name) = split(String(group.prefix.dropLast()))
            guard !properties.isEmpty else { return ["  \(name): {}"] }
            return ["  \(name):"]
                + properties.map { property, value in
                    let key = group.prefix + property
                    if let path = loaded.secretFiles[key] {
                        return "    \(scalar(property + "-file")): \(scalar(path)) \(comment(key))"
                    }
                    let shown = Secret.isSecret(property: property) ? Secret.mask : value
                    return "    \(scalar(property)): \(quoted(shown)) \(comment(key))"
                }
        }
    }

    private func comment(_ key: String) -> String {
        switch loaded.origins[key] {
        case nil: "# default"
        case .file(_, let mark): "# file, line \(mark.line)"
        case .environment(let name): "# \(name)"
        case .commandLine: "# --set"
        }
    }

    private func split(_ key: String) -> (head: String, name: String) {
        guard let dot = key.firstIndex(of: ".") else { return ("", key) }
        return (String(key[..<dot]), String(key[key.index(after: dot)...]))
    }

    /// Plain where every YAML reads it as the same text, else between quotation marks.
    private func scalar(_ text: String) -> String {
        let slash = UInt8(ascii: "/")
        let isPlain =
            text.consists { $0.isNameByte || $0 == slash }
            && text.utf8.first.map { $0.isASCIILetter || $0 == slash } ?? false
        let words = ["true", "false", "yes", "no", "on", "off", "null", "y", "n"]
        return isPlain && !words.contains(text.lowercased()) ? text : quoted(text)
    }

    /// YAML's double-quoted style (section 7.3.1). Escaped is what a YAML file must not hold as it is, and what would be a
    /// break of the line or a byte order mark there.
    private func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\":
                result += "\\"
                result.unicodeScalars.append(scalar)
            case "\u{0}"..."\u{1F}", "\u{7F}"..."\u{9F}":
                let digits = String(scalar.value, radix: 16)
                result += "\\x" + (digits.count == 1 ? "0" : "") + digits
            case "\u{2028}", "\u{2029}", "\u{FEFF}", "\u{FFFE}", "\u{FFFF}":
                result += "\\u" + String(scalar.value, radix: 16)
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
