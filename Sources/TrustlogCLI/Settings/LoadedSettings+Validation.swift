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
    /// Checks that everything is set which the purpose needs, and that librdkafka takes its properties.
    ///
    /// Whether keys that are named exist and are fit is for whoever reads them: see ``KeyFiles``.
    package func validate(for purpose: SettingsPurpose) throws(SettingsError) {
        var problems = purpose.usesBroker ? propertyProblems : []
        if purpose.usesBroker, settings.kafka.bootstrapServers.isEmpty {
            problems.append(
                SettingsProblem(
                    key: "kafka.bootstrap-servers",
                    "is not set: name the brokers, for example --set kafka.bootstrap-servers=localhost:9092"))
        }
        if purpose.signs(settings.strategy), settings.signing.keyFile == nil {
            problems.append(
                SettingsProblem(
                    key: "signing.key-file",
                    "is not set, and every record that is published must be signed; make a key with "
                        + "'trustlog keygen trustlog.key' and set signing.key-file to its path"))
        }
        guard problems.isEmpty else { throw SettingsError(problems) }
    }
}
