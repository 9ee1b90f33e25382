package import CommandLineTool

/// `config schema`: the settings as JSON Schema (2020-12), which editors use for completion and checks.
package enum SettingsSchema {
    package static func json() -> JSONValue {
        var groups: [(name: String, members: [JSONValue.Member])] = []
        var top: [JSONValue.Member] = []
        for (key, schema) in entries() {
            let parts = key.split(separator: ".", maxSplits: 1).map(String.init)
            top.append(.init(key, schema))
            guard parts.count == 2 else { continue }
            if let index = groups.firstIndex(where: { $0.name == parts[0] }) {
                groups[index].members.append(.init(parts[1], schema))
            } else {
                groups.append((parts[0], [.init(parts[1], schema)]))
            }
        }
        let nested = groups.map { JSONValue.Member($0.name, object($0.members)) }
        return .object([
            .init("$schema", "https://json-schema.org/draft/2020-12/schema"),
            .init("title", "Settings of trustlog"),
            .init("description", "Nested maps and dotted keys are one: input: {topic: t} and input.topic: t."),
            .init("type", "object"),
            .init("properties", .object(nested + top)),
            .init("patternProperties", .object([.init("^kafka\\.(properties|consumer|producer)\\..+$", property)])),
            .init("additionalProperties", false),
        ])
    }

    private static func entries() -> [(String, JSONValue)] {
        let settings = SettingsTable.all.flatMap { setting -> [(String, JSONValue)] in
            var members = setting.schema
            members.append(.init("description", .string(setting.doc)))
            if let value = defaultValue(setting) { members.append(.init("default", value)) }
            var entries = [(setting.key, JSONValue.object(members))]
            if setting.isSecret {
                entries.append(
                    (setting.key + "-file", ["type": "string", "description": "The file that holds \(setting.key)."]))
            }
            return entries
        }
        let properties = SettingsTable.propertyGroups.map { group in
            (
                String(group.prefix.dropLast()),
                JSONValue.object([
                    .init("type", "object"), .init("description", .string(group.doc)),
                    .init("additionalProperties", property),
                ])
            )
        }
        return settings + properties
    }

    /// A property of librdkafka.
    private static let property: JSONValue = ["type": ["string", "number", "boolean"]]

    private static func object(_ members: [JSONValue.Member]) -> JSONValue {
        .object([
            .init("type", ["object", "null"]), .init("properties", .object(members)),
            .init("additionalProperties", false),
        ])
    }

    private static func defaultValue(_ setting: Setting) -> JSONValue? {
        guard setting.defaultNote == nil, let texts = setting.texts(Settings()) else { return nil }
        if setting.isList { return .array(texts.map { .string($0) }) }
        guard let text = texts.first else { return nil }
        switch setting.form {
        case .integer: return Int(text).map { .integer($0) }
        case .number: return Double(text).map { .number($0) }
        case .boolean: return .bool(text == "true")
        case .freeText, .syntax: return .string(text)
        }
    }
}
