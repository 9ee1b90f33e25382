/// How variables of the environment name settings: `TRUSTLOG_`, upper case, `.` and `-` as `_`.
enum EnvironmentNames {
    static let prefix = "TRUSTLOG_"
    /// Names the settings file; no setting itself.
    static let configFile = "TRUSTLOG_CONFIG"

    static func name(of key: String) -> String {
        prefix + String(key.uppercased().map { $0 == "." || $0 == "-" ? "_" : $0 })
    }

    /// The key that a variable sets, or `nil` if it is none of ours. Behind the prefixes of librdkafka's properties every
    /// `_` stands for a dot, except in the `_FILE` behind a secret.
    static func key(of name: String) -> String? {
        if let key = keys[name] { return key }
        for group in SettingsTable.propertyGroups {
            let start = Self.name(of: group.prefix)
            guard name.hasPrefix(start), name.utf8.count > start.utf8.count else { continue }
            let property = String(name.dropFirst(start.count).lowercased().map { $0 == "_" ? "." : $0 })
            if property.hasSuffix(".file"), Secret.isSecret(property: String(property.dropLast(".file".count))) {
                return group.prefix + property.dropLast(".file".count) + "-file"
            }
            return group.prefix + property
        }
        return nil
    }

    /// Every fixed name, for suggestions.
    static var all: [String] { Array(keys.keys) }

    private static let keys: [String: String] = {
        let names = SettingsTable.all.flatMap { $0.isSecret ? [$0.key, $0.key + "-file"] : [$0.key] }
        return Dictionary(uniqueKeysWithValues: names.map { (name(of: $0), $0) })
    }()
}
