package import CommandLineTool

/// The options of every command: where its settings come from.
package enum GlobalOptions {
    package static let config = Option<String?>(
        "config", valueName: "FILE", help: "The settings file (YAML); else $TRUSTLOG_CONFIG.", completion: .file)

    package static let set = Option<[SettingAssignment]>(
        "set", valueName: "KEY=VALUE", help: "Set one setting, over file and environment.")

    package static let all: [any ParameterDeclaration] = [config, set]

    /// The effective settings; warnings go to standard error.
    ///
    /// - Parameter purpose: they hold everything that it needs.
    /// - Throws: ``CommandError`` with exit code 78 and everything that is wrong.
    package static func loadSettings(
        _ arguments: ParsedArguments, _ terminal: Terminal, for purpose: SettingsPurpose? = nil
    ) throws -> LoadedSettings {
        let loader = SettingsLoader(
            configFile: arguments[config], environment: terminal.environment, assignments: arguments[set])
        do throws(SettingsError) {
            let loaded = try loader.load(for: purpose)
            for warning in loaded.warnings { terminal.reportLine("warning", warning) }
            return loaded
        } catch {
            for warning in error.warnings { terminal.reportLine("warning", warning) }
            throw error.commandError
        }
    }
}
