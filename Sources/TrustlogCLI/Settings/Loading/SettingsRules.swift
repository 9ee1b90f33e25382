import CommandLineTool
import OperationStore

/// What settings must keep among each other, whatever they are used for.
struct SettingsRules {
    private(set) var problems: [SettingsProblem] = []
    private(set) var warnings: [String] = []

    private let origins: [String: SettingOrigin]
    private let wrongKeys: Set<String>

    /// - Parameter wrongKeys: of these is told already that they are wrong, and their values are not what was meant.
    init(_ loaded: LoadedSettings, wrongKeys: Set<String>?) {
        let settings = loaded.settings
        origins = loaded.origins
        self.wrongKeys = wrongKeys ?? []
        checkTopics(settings)
        checkListeners(settings)
        checkDatabase(settings)
    }

    /// - Parameter keys: those that contradict each other; the first that was set is to blame.
    private mutating func refuse(_ keys: [String], _ message: String) {
        let place = keys.compactMap { origins[$0] }.first
        problems.append(SettingsProblem(at: place, key: keys[0], message))
    }

    /// Where nothing is published, the output topic is of no account.
    private mutating func checkTopics(_ settings: Settings) {
        let input = settings.input
        let deadLetters = ["input.dead-letter-topic"] + (input.chosenDeadLetterTopic == nil ? ["input.topic"] : [])
        var topics = [(["input.topic"], input.topic)]
        if settings.strategy.publishes, !wrongKeys.contains("strategy") {
            topics.append((["output.topic"], settings.output.topic))
        }
        topics.append((deadLetters, input.deadLetterTopic))
        topics.removeAll { keys, _ in !wrongKeys.isDisjoint(with: keys) }
        for (index, (keys, topic)) in topics.enumerated() {
            for (others, otherTopic) in topics[..<index] where topic.utf8.elementsEqual(otherTopic.utf8) {
                refuse(keys + others, "'\(topic)' is also \(others[0]): they must differ")
            }
        }
        if input.deadLetterTopic.utf8.count > 249, wrongKeys.isDisjoint(with: deadLetters) {
            refuse(
                deadLetters, "'\(input.deadLetterTopic)', made from input.topic, is longer than 249 characters; set one"
            )
        }
    }

    private mutating func checkListeners(_ settings: Settings) {
        let keys = ["admin.listen", "http.listen"]
        guard let http = settings.http.listen, let admin = settings.admin.listen, wrongKeys.isDisjoint(with: keys)
        else { return }
        let overlaps = http.host == admin.host || [http.host, admin.host].contains { $0 == "0.0.0.0" || $0 == "::" }
        if http.port == admin.port, http.port != 0, overlaps {
            refuse(keys, "\(admin) and http.listen \(http) need different ports")
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
            refuse(["database.url"], "'\(shown)' is not allowed: \(error.message)")
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
