import CommandLineTool
import OperationStore

/// What settings must keep among each other, whatever they are used for.
struct SettingsRules {
    private(set) var problems: [SettingsProblem] = []
    private(set) var warnings: [String] = []

    private let origins: [String: SettingOrigin]

    init(_ loaded: LoadedSettings) {
        let settings = loaded.settings
        origins = loaded.origins
        checkTopics(settings)
        checkListeners(settings)
        checkDatabase(settings)
    }

    private mutating func checkTopics(_ settings: Settings) {
        let topics = [
            ("input.topic", settings.input.topic), ("output.topic", settings.output.topic),
            ("input.dead-letter-topic", settings.input.deadLetterTopic),
        ]
        for (index, (key, topic)) in topics.enumerated() {
            for (other, otherTopic) in topics[..<index] where topic.utf8.elementsEqual(otherTopic.utf8) {
                problems.append(SettingsProblem(key: key, "'\(topic)' is also \(other): they must differ"))
            }
        }
        if settings.input.deadLetterTopic.utf8.count > 249 {
            problems.append(
                SettingsProblem(
                    key: "input.dead-letter-topic",
                    "'\(settings.input.deadLetterTopic)', made from input.topic, is longer than 249 characters; set one"
                ))
        }
    }

    private mutating func checkListeners(_ settings: Settings) {
        guard let http = settings.http.listen, let admin = settings.admin.listen else { return }
        let overlaps = http.host == admin.host || [http.host, admin.host].contains { $0 == "0.0.0.0" || $0 == "::" }
        if http.port == admin.port, http.port != 0, overlaps {
            problems.append(
                SettingsProblem(key: "admin.listen", "\(admin) and http.listen \(http) need different ports"))
        }
        if !admin.isLoopback {
            warnings.append("admin.listen \(admin) can be reached from other machines; it asks for no password")
        }
    }

    private mutating func checkDatabase(_ settings: Settings) {
        do {
            try StoreFactory.check(url: settings.database.url.text)
        } catch {
            let shown = printable(settings.database.url.masked)
            problems.append(
                SettingsProblem(
                    at: origins["database.url"], key: "database.url", "'\(shown)' is not allowed: \(error.message)"))
        }
        guard settings.database.url.kind == .sqlite else { return }
        if settings.database.password != nil {
            warnings.append("database.password is not used: SQLite has none")
        }
        if settings.cursor.count > 1 {
            warnings.append("cursor.count \(settings.cursor.count) counts as 1: on SQLite there is always one")
        }
    }
}
