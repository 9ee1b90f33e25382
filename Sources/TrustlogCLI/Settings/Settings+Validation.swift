extension Settings {
    /// What a command is going to do with the settings.
    package enum Purpose: Sendable {
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
    }

    /// Checks that everything is set which the purpose needs.
    ///
    /// Whether keys that are named exist and are fit is for whoever reads them: see ``KeyFiles``.
    package func validate(for purpose: Purpose) throws(SettingsError) {
        var problems: [SettingsProblem] = []
        if purpose != .database, kafka.bootstrapServers.isEmpty {
            problems.append(
                SettingsProblem(
                    key: "kafka.bootstrap-servers",
                    "is not set: name the brokers, for example --set kafka.bootstrap-servers=localhost:9092"))
        }
        if signs(for: purpose), signing.keyFile == nil {
            problems.append(
                SettingsProblem(
                    key: "signing.key-file",
                    "is not set, and every record that is published must be signed; make a key with "
                        + "'trustlog keygen trustlog.key' and set signing.key-file to its path"))
        }
        guard problems.isEmpty else { throw SettingsError(problems) }
    }

    private func signs(for purpose: Purpose) -> Bool {
        switch purpose {
        case .run: strategy.publishes
        case .replay: true
        case .produce, .readOutput, .audit, .database: false
        }
    }
}
