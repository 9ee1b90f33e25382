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
        let name = key.lowercased()
        let marks = ["pass", "pwd", "secret", "token", "key", "cred", "auth", "url", "dsn"]
        return marks.contains { name.parted(by: $0) != nil } || (suggestion.map { SettingsTable.isSecret($0) } ?? false)
    }
}
