import CommandLineTool

/// One row of ``SettingsTable``: a key with everything that is known of it.
package struct Setting: Sendable {
    package let key: String
    /// For people: what it does.
    package let doc: String
    package let isSecret: Bool
    let form: SettingForm
    let isList: Bool
    let isAllowedElement: @Sendable (String) -> Bool
    package let typeName: String
    package let expectation: String
    let schema: [JSONValue.Member]
    /// `false` if the texts are no value of the type.
    let assign: @Sendable (_ texts: [String], _ settings: inout Settings) -> Bool
    /// The texts of the present value, secrets masked; `nil` if there is none.
    let texts: @Sendable (Settings) -> [String]?
    /// What to say of the default where it is not a value.
    package let defaultNote: String?

    init<Value>(
        _ key: String, _ type: SettingType<Value>, _ path: any WritableKeyPath<Settings, Value> & Sendable,
        secret: Bool = false,
        defaultNote: String? = nil, _ doc: String
    ) {
        self.key = key
        self.doc = doc
        self.isSecret = secret
        self.form = type.form
        self.isList = type.isList
        self.isAllowedElement = type.isAllowedElement
        self.typeName = type.name
        self.expectation = type.expectation
        self.schema = type.schema
        self.defaultNote = defaultNote
        let (read, write) = (type.read, type.write)
        self.assign = { texts, settings in
            guard let value = read(texts) else { return false }
            settings[keyPath: path] = value
            return true
        }
        self.texts = { write($0[keyPath: path]) }
    }

    /// The variable that sets it: `TRUSTLOG_INPUT_BATCH_SIZE`.
    package var environmentName: String { EnvironmentNames.name(of: key) }
}
