import CommandLineTool

/// `key=value` of `--set`.
package struct SettingAssignment: ExpressibleByArgument {
    package var key: String
    package var value: String

    package init?(argument: String) {
        guard let equals = argument.firstIndex(of: "="), equals > argument.startIndex else { return nil }
        key = String(argument[..<equals])
        value = String(argument[argument.index(after: equals)...])
    }

    package static var argumentExpectation: String { "KEY=VALUE" }
    package var argumentText: String { "\(key)=\(value)" }
}

/// The effective settings and where they come from.
package struct LoadedSettings: Sendable {
    package var settings: Settings
    /// By key; what is missing has its default.
    package var origins: [String: SettingOrigin] = [:]
    /// By key of the secret: the file it was read from.
    package var secretFiles: [String: String] = [:]
    /// Properties that this librdkafka does not take. Another one may: they matter where a broker is to be used.
    package var propertyProblems: [SettingsProblem] = []
    /// Sentences for people.
    package var warnings: [String] = []
    /// `nil` if there is none.
    package var file: String?
}

/// Reads settings from file, environment and command line; the later wins (contract, section 8).
package struct SettingsLoader {
    /// `--config`, before `TRUSTLOG_CONFIG`.
    package var configFile: String?
    package var environment: [String: String]
    package var assignments: [SettingAssignment]

    package init(configFile: String? = nil, environment: [String: String], assignments: [SettingAssignment] = []) {
        self.configFile = configFile
        self.environment = environment
        self.assignments = assignments
    }

    /// - Parameter purpose: what the settings are for, and which keys must be set therefore; `nil`: none must.
    /// - Throws: Everything that is wrong, whichever layer it stands in, and what is missing.
    package func load(for purpose: SettingsPurpose? = nil) throws(SettingsError) -> LoadedSettings {
        let fromEnvironment = environment[EnvironmentNames.configFile].flatMap { $0.isEmpty ? nil : $0 }
        var builder = SettingsBuilder()
        if let path = configFile ?? fromEnvironment {
            let file = SettingsFile(path: path)
            builder.loaded.file = path
            builder.problems += file.problems
            builder.apply(file.settings)
        }
        builder.apply(environmentSettings(&builder))
        builder.apply(
            assignments.map { RawSetting(key: $0.key, value: .text($0.value), origin: .commandLine) }, mayRepeat: true)
        return try builder.finish(for: purpose)
    }

    private func environmentSettings(_ builder: inout SettingsBuilder) -> [RawSetting] {
        var settings: [RawSetting] = []
        for (name, value) in environment.sorted(by: { $0.key < $1.key }) where name.hasPrefix(EnvironmentNames.prefix) {
            guard name != EnvironmentNames.configFile else { continue }
            guard let key = EnvironmentNames.key(of: name) else {
                let near = closest(to: name, among: EnvironmentNames.all)
                builder.loaded.warnings.append(
                    "the environment variable \(name) is no setting" + (near.map { "; did you mean \($0)?" } ?? ""))
                continue
            }
            settings.append(RawSetting(key: key, value: .text(value), origin: .environment(name: name)))
        }
        return settings
    }
}
