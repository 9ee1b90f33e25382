import CommandLineTool

/// What must never be shown, and what is shown instead.
enum Secret {
    static let mask = "***"

    /// Whether a librdkafka property, or anything named like one, carries a secret.
    static func isSecret(property name: String) -> Bool {
        let marks = ["password", "passwd", "secret", "token", "credential"]
        return marks.contains { name.parted(by: $0) != nil } || properties.contains(name)
    }

    /// Secrets whose names do not say so: private keys in PEM, and option strings that may hold one.
    private static let properties: Set<String> = [
        "ssl.key.pem", "ssl_key", "sasl.oauthbearer.config", "sasl.jaas.config",
        "sasl.oauthbearer.assertion.private.key.pem",
    ]

    /// The value of a key that nobody knows may be a secret with a mistyped name.
    static func mayBeSecret(unknownKey key: String, suggestion: String?) -> Bool {
        isMarked(key) || (suggestion.map { SettingsTable.isSecret($0) } ?? false)
    }

    /// The same of a property that librdkafka does not know.
    static func mayBeSecret(unknownProperty name: String) -> Bool {
        let passwords = [
            "sasl.password", "ssl.key.password", "ssl.keystore.password", "sasl.oauthbearer.client.secret",
        ]
        return isMarked(name) || closest(to: name, among: passwords + properties) != nil
    }

    private static func isMarked(_ name: String) -> Bool {
        let name = name.lowercased()
        let marks = ["pass", "pwd", "secret", "token", "key", "cred", "auth", "url", "dsn"]
        return marks.contains { name.parted(by: $0) != nil }
    }
}
