/// What a command is going to do with the settings.
package enum SettingsPurpose: Sendable {
    /// The service.
    case run
    /// Publishing again what is in the table.
    case replay
    /// Writing operations to the input topic.
    case produce
    /// Reading the trustlog topic.
    case readOutput
    /// Comparing the table with the topic.
    case audit
    /// The table alone.
    case database

    var usesBroker: Bool { self != .database }

    func signs(_ strategy: Settings.Strategy) -> Bool {
        switch self {
        case .run: strategy.publishes
        case .replay: true
        case .produce, .readOutput, .audit, .database: false
        }
    }
}

extension LoadedSettings {
    /// What the purpose needs and nobody has set.
    ///
    /// Whether keys that are named exist and are fit is for whoever reads them: see ``KeyFiles``.
    ///
    /// - Parameter wrongKeys: of these is told already that they are wrong; `nil`: there is a file that nobody can read.
    func missing(for purpose: SettingsPurpose, wrongKeys: Set<String>?) -> [SettingsProblem] {
        guard let wrongKeys else { return [] }
        var problems: [SettingsProblem] = []
        if purpose.usesBroker, settings.kafka.bootstrapServers.isEmpty, !wrongKeys.contains("kafka.bootstrap-servers") {
            problems.append(
                SettingsProblem(
                    key: "kafka.bootstrap-servers",
                    "is not set: name the brokers, for example --set kafka.bootstrap-servers=localhost:9092"))
        }
        if purpose.signs(settings.strategy), settings.signing.keyFile == nil,
            wrongKeys.isDisjoint(with: ["signing.key-file", "strategy"])
        {
            problems.append(
                SettingsProblem(
                    key: "signing.key-file",
                    "is not set, and every record that is published must be signed; make a key with "
                        + "'trustlog keygen trustlog.key' and set signing.key-file to its path"))
        }
        return problems
    }
}
