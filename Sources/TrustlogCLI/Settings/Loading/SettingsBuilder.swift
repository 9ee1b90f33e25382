import CommandLineTool
import KafkaClient

/// Puts layers of raw settings on top of each other, checks each value, and collects what is wrong.
struct SettingsBuilder {
    /// A secret that stands in a file, which is read only if no later layer takes its place.
    private struct PendingSecret {
        var path: String
        var origin: SettingOrigin
    }

    var loaded = LoadedSettings(settings: Settings())
    var problems: [SettingsProblem] = []
    /// See ``LoadedSettings/propertyProblems``.
    private var propertyProblems: [SettingsProblem] = []
    private var pending: [String: PendingSecret] = [:]
    /// What unknown keys are thought to mean.
    private var meantKeys: Set<String> = []

    /// - Parameter mayRepeat: Whether a later value of the same layer takes the place of an earlier one.
    mutating func apply(_ layer: [RawSetting], mayRepeat: Bool = false) {
        var seen: Set<String> = []
        for raw in layer {
            let secret = raw.key.hasSuffix("-file") ? String(raw.key.dropLast("-file".count)) : nil
            if let secret, SettingsTable.isSecret(secret) {
                refuseBoth(raw, secret, &seen, mayRepeat)
                applySecretFile(raw, secret)
            } else {
                if SettingsTable.isSecret(raw.key) { refuseBoth(raw, raw.key, &seen, mayRepeat) }
                applyValue(raw)
            }
        }
    }

    /// The settings, or everything that is wrong with them.
    ///
    /// - Parameter purpose: what else must be set; `nil`: nothing.
    mutating func finish(for purpose: SettingsPurpose?) throws(SettingsError) -> LoadedSettings {
        for (key, secret) in pending.sorted(by: { $0.key < $1.key }) { readSecret(key, secret) }
        let cross = SettingsRules(loaded, wrongKeys: wrongKeys)
        problems += cross.problems
        loaded.warnings += cross.warnings
        loaded.propertyProblems = propertyProblems
        let missing = purpose.map { loaded.missing(for: $0, wrongKeys: wrongKeys) } ?? []
        let areUsed = purpose?.usesBroker ?? false
        guard problems.isEmpty, missing.isEmpty, propertyProblems.isEmpty || !areUsed else {
            throw SettingsError((problems + propertyProblems).inReadingOrder() + missing, warnings: loaded.warnings)
        }
        return loaded
    }

    /// Keys of which is told already that they are wrong, or that were probably meant by one that is.
    private var wrongKeys: Set<String>? {
        // Without its file nothing is known.
        if problems.contains(where: { $0.key == nil }) { return nil }
        let keys = problems.compactMap(\.key).map { $0.hasSuffix("-file") ? [$0, String($0.dropLast(5))] : [$0] }
        return Set(keys.joined()).union(meantKeys)
    }

    private mutating func refuseBoth(_ raw: RawSetting, _ secret: String, _ seen: inout Set<String>, _ mayRepeat: Bool)
    {
        guard !seen.insert(secret).inserted, !mayRepeat else { return }
        problems.append(SettingsProblem(at: raw.origin, key: raw.key, "set either \(secret) or \(secret)-file"))
    }

    private mutating func applyValue(_ raw: RawSetting) {
        if let setting = SettingsTable.setting(raw.key) {
            apply(raw, to: setting)
        } else if let group = SettingsTable.propertyGroups.first(where: { raw.key.hasPrefix($0.prefix) }) {
            apply(raw, to: group)
        } else {
            problems.append(unknownKey(raw))
        }
    }

    private mutating func apply(_ raw: RawSetting, to setting: Setting) {
        let found = elementProblems(raw, setting)
        guard found.isEmpty else {
            problems += found
            return
        }
        guard let texts = texts(raw, for: setting), setting.assign(texts, &loaded.settings) else {
            problems.append(invalid(raw, shown: shownValue(raw), allowed: setting.expectation))
            return
        }
        accept(raw.key, raw.origin)
    }

    private mutating func apply(_ raw: RawSetting, to group: PropertyGroup) {
        let property = String(raw.key.dropFirst(group.prefix.count))
        guard !property.isEmpty else {
            problems.append(unknownKey(raw))
            return
        }
        if let reason = RefusedProperties.reason(property) {
            let shown = printable(shownValue(raw))
            let message = "the property \(property) is not to be set (value '\(shown)'): \(reason)"
            problems.append(SettingsProblem(at: raw.keyOrigin, key: raw.key, message))
            return
        }
        let text: String
        switch raw.value {
        case .scalar(let scalar) where scalar.resolution != .null && !scalar.text.contains("\0"): text = scalar.text
        case .text(let value) where !value.contains("\0"): text = value
        default:
            problems.append(invalid(raw, shown: shownValue(raw), allowed: "one text, number or boolean"))
            return
        }
        if let reason = KafkaConfiguration.problem(property: property, value: text) {
            let message = printable(reason) + untoldValue(text, of: property, in: reason)
            propertyProblems.append(SettingsProblem(at: raw.keyOrigin, key: raw.key, message))
        }
        loaded.settings[keyPath: group.path][property] = text
        accept(raw.key, raw.origin)
    }

    private mutating func accept(_ key: String, _ origin: SettingOrigin) {
        loaded.origins[key] = origin
        loaded.secretFiles[key] = nil
        pending[key] = nil
    }

    private mutating func applySecretFile(_ raw: RawSetting, _ secret: String) {
        let path: String
        switch raw.value {
        case .scalar(let scalar) where scalar.resolution == .text: path = scalar.text
        case .text(let text): path = text
        default: path = ""
        }
        guard !path.isEmpty else {
            problems.append(invalid(raw, shown: raw.valueText, allowed: "the path of a file that holds the secret"))
            return
        }
        pending[secret] = PendingSecret(path: path, origin: raw.origin)
    }

    private mutating func readSecret(_ key: String, _ secret: PendingSecret) {
        do throws(SmallFile.Failure) {
            let bytes = try SmallFile.read(secret.path, limit: 65_536)
            guard var text = String(validating: bytes, as: UTF8.self) else {
                throw SmallFile.Failure(message: "\(secret.path): not UTF-8")
            }
            if let last = text.last, last == "\n" || last == "\r\n" { text.removeLast() }
            applyValue(RawSetting(key: key, value: .text(text), origin: secret.origin))
            loaded.secretFiles[key] = secret.path
        } catch {
            problems.append(SettingsProblem(at: secret.origin, key: key + "-file", "cannot read \(error.message)"))
        }
    }

    /// The texts that the value consists of; `nil` if its form does not fit the setting.
    private func texts(_ raw: RawSetting, for setting: Setting) -> [String]? {
        switch raw.value {
        case .text(let text): setting.isList ? splitList(text) : [text]
        case .scalar(let scalar): setting.isList ? splitList(scalar.text) : [scalar.text]
        case .list(let scalars): setting.isList ? scalars.map(\.text) : nil
        case .structure: nil
        }
    }

    private func splitList(_ text: String) -> [String] {
        text.split(separator: ",").map { $0.trimmingSpaces() }.filter { !$0.isEmpty }
    }

    /// What is wrong with each part by itself: with the form of a scalar, with the elements of a list.
    private func elementProblems(_ raw: RawSetting, _ setting: Setting) -> [SettingsProblem] {
        switch raw.value {
        case .scalar(let scalar):
            if let problem = formProblem(scalar, raw, setting) { return [problem] }
        case .list(let scalars) where setting.isList:
            return scalars.compactMap { scalar in
                var element = raw
                if case .file(let path, _) = raw.origin { element.origin = .file(path: path, mark: scalar.mark) }
                return formProblem(scalar, element, setting) ?? elementProblem(scalar.text, element, setting)
            }
        default: break
        }
        guard setting.isList else { return [] }
        return (texts(raw, for: setting) ?? []).compactMap { elementProblem($0, raw, setting) }
    }

    private func elementProblem(_ text: String, _ raw: RawSetting, _ setting: Setting) -> SettingsProblem? {
        setting.isAllowedElement(text) ? nil : invalid(raw, shown: text, allowed: setting.expectation)
    }

    private func formProblem(_ scalar: YAMLScalar, _ raw: RawSetting, _ setting: Setting) -> SettingsProblem? {
        let shown = printable(setting.isSecret ? Secret.mask : scalar.text)
        switch (setting.form, scalar.resolution) {
        case (_, .null):
            return problem(raw, "has no value; allowed: \(setting.expectation) (leave the key out for the default)")
        case (.freeText, .boolean), (.freeText, .integer), (.freeText, .number):
            return problem(
                raw,
                "'\(shown)' is no text; allowed: \(setting.expectation) (if it is meant, put it between quotation marks)"
            )
        case (.integer, .text), (.number, .text), (.boolean, .text):
            let note = scalar.isPlain ? "" : " (without quotation marks)"
            return problem(raw, "'\(shown)' is text; allowed: \(setting.expectation)\(note)")
        default: return nil
        }
    }

    /// The value of a property, where librdkafka's message does not tell it.
    private func untoldValue(_ text: String, of property: String, in message: String) -> String {
        if !text.isEmpty, message.firstRange(of: "\"\(text)\"") != nil { return "" }
        let isSecret = Secret.isSecret(property: property) || Secret.mayBeSecret(unknownProperty: property)
        return " (value '\(isSecret ? Secret.mask : printable(text))')"
    }

    private mutating func unknownKey(_ raw: RawSetting) -> SettingsProblem {
        let names = SettingsTable.all.flatMap { $0.isSecret ? [$0.key, $0.key + "-file"] : [$0.key] }
        let near = closest(to: raw.key, among: names)
        if let near { meantKeys.insert(near) }
        let secret = Secret.mayBeSecret(unknownKey: raw.key, suggestion: near)
        let value = secret ? Secret.mask : raw.valueText
        let suggestion =
            near.map { "; did you mean '\($0)'?" } ?? "; 'trustlog config schema' lists those that are allowed"
        return SettingsProblem(
            at: raw.keyOrigin, key: raw.key, "no such setting (value '\(printable(value))')\(suggestion)")
    }

    private func invalid(_ raw: RawSetting, shown: String, allowed: String) -> SettingsProblem {
        problem(raw, "'\(printable(shown))' is not allowed; allowed: \(allowed)")
    }

    private func problem(_ raw: RawSetting, _ message: String) -> SettingsProblem {
        SettingsProblem(at: raw.origin, key: raw.key, message)
    }

    private func shownValue(_ raw: RawSetting) -> String {
        guard SettingsTable.isSecret(raw.key) else { return raw.valueText }
        return raw.key == "database.url" ? DatabaseURL.masked(raw.valueText) : Secret.mask
    }
}

extension [SettingsProblem] {
    /// Those of the file by line and column, then the others as they were found.
    fileprivate func inReadingOrder() -> [SettingsProblem] {
        let marked = enumerated().map { index, problem in
            if case .file(_, let mark) = problem.origin { return (mark.line, mark.column, index, problem) }
            return (Int.max, 0, index, problem)
        }
        return marked.sorted { ($0.0, $0.1, $0.2) < ($1.0, $1.1, $1.2) }.map(\.3)
    }
}

extension Substring {
    fileprivate func trimmingSpaces() -> String {
        var text = self.drop { $0 == " " }
        while text.last == " " { text.removeLast() }
        return String(text)
    }
}
