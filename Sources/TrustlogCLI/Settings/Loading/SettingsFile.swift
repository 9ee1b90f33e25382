import Glibc

/// The settings file as raw settings: nested maps and dotted keys are one.
struct SettingsFile {
    private let path: String
    private(set) var settings: [RawSetting] = []
    private(set) var problems: [SettingsProblem] = []
    private var firstMarks: [String: YAMLMark] = [:]

    init(path: String) {
        self.path = path
        do {
            try read()
        } catch {
            problems.append(error)
        }
    }

    private mutating func read() throws(SettingsProblem) {
        let bytes: [UInt8]
        do {
            bytes = try SmallFile.read(path, limit: 1 << 20)
        } catch {
            throw SettingsProblem("cannot read the settings file: \(error.message)")
        }
        let root: YAMLNode?
        do {
            root = try YAMLReader.read(bytes)
        } catch {
            throw SettingsProblem(at: origin(error.mark), "not valid YAML: \(error.message)")
        }
        switch root {
        case nil: break
        case .scalar(let scalar) where scalar.resolution == .null: break
        case .mapping(let entries, _): flatten(entries, prefix: "")
        case .scalar(let scalar):
            throw SettingsProblem(at: origin(scalar.mark), "settings are a map of keys and values")
        case .sequence(_, let mark): throw SettingsProblem(at: origin(mark), "settings are a map of keys and values")
        }
    }

    private mutating func flatten(_ entries: [YAMLEntry], prefix: String) {
        var seen: [String: YAMLMark] = [:]
        for entry in entries {
            let key = prefix + entry.key.text
            if let first = seen.updateValue(entry.key.mark, forKey: key) {
                problems.append(duplicate(key, entry.key.mark, first))
            } else {
                take(key, entry)
            }
        }
    }

    private mutating func take(_ key: String, _ entry: YAMLEntry) {
        if SettingsTable.setting(key) == nil {
            if case .mapping(let entries, _) = entry.value { return flatten(entries, prefix: key + ".") }
            // A group of which nothing is left but comments.
            if isGroup(key), case .scalar(let scalar) = entry.value, scalar.resolution == .null { return }
        }
        // Across maps: `input: {topic: a}` and `input.topic: b`.
        if let first = firstMarks.updateValue(entry.key.mark, forKey: key) {
            problems.append(duplicate(key, entry.key.mark, first))
            return
        }
        settings.append(
            RawSetting(
                key: key, value: value(entry.value), origin: .file(path: path, mark: entry.value.mark),
                keyOrigin: .file(path: path, mark: entry.key.mark)))
    }

    private func isGroup(_ key: String) -> Bool {
        SettingsTable.all.contains { $0.key.hasPrefix(key + ".") }
            || SettingsTable.propertyGroups.contains { $0.prefix == key + "." }
    }

    private func value(_ node: YAMLNode) -> RawSetting.Value {
        switch node {
        case .scalar(let scalar): return .scalar(scalar)
        case .mapping: return .structure
        case .sequence(let elements, _):
            var scalars: [YAMLScalar] = []
            for element in elements {
                guard case .scalar(let scalar) = element else { return .structure }
                scalars.append(scalar)
            }
            return .list(scalars)
        }
    }

    private func duplicate(_ key: String, _ mark: YAMLMark, _ first: YAMLMark) -> SettingsProblem {
        SettingsProblem(
            at: origin(mark), key: key, "is set twice; the first time at line \(first.line), column \(first.column)")
    }

    private func origin(_ mark: YAMLMark) -> SettingOrigin {
        .file(path: path, mark: mark)
    }
}

extension SettingsProblem: Error {}
