/// Where a value was given.
package enum SettingOrigin: Sendable, Equatable {
    case file(path: String, mark: YAMLMark)
    case environment(name: String)
    case commandLine

    /// In front of an error: `trustlog.yaml:3:15`.
    var place: String {
        switch self {
        case .file(let path, let mark): "\(path):\(mark.line):\(mark.column)"
        case .environment(let name): "environment variable \(name)"
        case .commandLine: "--set"
        }
    }
}

/// A key and a value as somebody wrote them, before anything was checked.
struct RawSetting {
    enum Value {
        /// From a file, which tells numbers from text.
        case scalar(YAMLScalar)
        /// From the environment or the command line, which do not.
        case text(String)
        case list([YAMLScalar])
        /// A map, or a list of something else than scalars.
        case structure
    }

    var key: String
    var value: Value
    var origin: SettingOrigin
    /// Of the key itself, where that is somewhere else.
    var keyOrigin: SettingOrigin

    init(key: String, value: Value, origin: SettingOrigin, keyOrigin: SettingOrigin? = nil) {
        self.key = key
        self.value = value
        self.origin = origin
        self.keyOrigin = keyOrigin ?? origin
    }

    /// For errors, not yet masked.
    var valueText: String {
        switch value {
        case .scalar(let scalar): scalar.text
        case .text(let text): text
        case .list(let scalars): "[" + scalars.map(\.text).joined(separator: ", ") + "]"
        case .structure: "a map or nested list"
        }
    }
}
