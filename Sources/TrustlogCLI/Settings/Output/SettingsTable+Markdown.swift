extension SettingsTable {
    /// The settings as a Markdown table, for the documentation.
    package static func markdown() -> String {
        var lines = ["| key | values | default | meaning |", "|---|---|---|---|"]
        for setting in all {
            let secret = setting.isSecret ? " Also as `\(setting.key)-file`." : ""
            lines.append(row(setting.key, setting.typeName, defaultText(setting), setting.doc + secret))
            if setting.key == "kafka.create-topics" {
                lines += propertyGroups.map { row($0.prefix + "*", "librdkafka's", "none", $0.doc) }
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// The default as help and documentation write it.
    package static func defaultText(_ setting: Setting) -> String {
        if let note = setting.defaultNote { return note }
        guard let texts = setting.texts(Settings()), !texts.isEmpty else { return "none" }
        return "`\(texts.joined(separator: ","))`"
    }

    private static func row(_ key: String, _ cells: String...) -> String {
        let escaped = cells.map { $0.split(separator: "|", omittingEmptySubsequences: false).joined(separator: "\\|") }
        return "| `\(key)` | " + escaped.joined(separator: " | ") + " |"
    }
}
