import CommandLineTool

extension SettingType where Value == String {
    /// Text without control characters.
    /// - Parameter bytes: How long it may be, in UTF-8.
    static func text(_ expectation: String, bytes: ClosedRange<Int>) -> SettingType {
        .single(
            .freeText, "text", expectation,
            schema: [.init("type", "string"), .init("minLength", .integer(bytes.lowerBound))],
            read: { text in
                let isPrintable = text.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control }
                return isPrintable && bytes.contains(text.utf8.count) ? text : nil
            }, write: { $0 })
    }

    /// A name that Kafka takes for a topic (`org.apache.kafka.common.internals.Topic`): also for static members of a group.
    static func kafkaName(_ what: String) -> SettingType {
        .single(
            .freeText, what, "a \(what): 1 to 249 of the characters a-z A-Z 0-9 . _ -, not . or ..",
            schema: [.init("type", "string"), .init("pattern", "^[a-zA-Z0-9._-]{1,249}$")],
            read: { $0.isKafkaName ? $0 : nil }, write: { $0 })
    }

    static let path = text("the path of a file", bytes: 1...4_095).named("path")

    private func named(_ name: String) -> SettingType {
        var type = self
        type.name = name
        return type
    }
}

extension SettingType where Value == [String] {
    /// - Parameter isAllowed: Of each element.
    static func list(
        _ name: String, _ expectation: String, isAllowed: @escaping @Sendable (String) -> Bool
    ) -> SettingType {
        SettingType(
            form: .freeText, isList: true, isAllowedElement: isAllowed, name: name, expectation: expectation,
            schema: [.init("type", ["array", "string"]), .init("items", ["type": "string"])],
            read: { $0.allSatisfy(isAllowed) ? $0 : nil }, write: { $0 })
    }

    static let paths = list("list of paths", "a list of paths of files") { !$0.isEmpty && !$0.contains("\0") }

    static let headerNames = list("list of names", "a list of header names, each without control characters") { name in
        !name.isEmpty && name.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control }
    }

    static let brokers = list(
        "list of addresses", "a list of brokers, each HOST or HOST:PORT (an IPv6 address in brackets)",
        isAllowed: \.isBrokerAddress)
}

extension SettingType where Value: RawRepresentable & CaseIterable, Value.RawValue == String {
    static var oneOf: SettingType {
        let words = Value.allCases.map(\.rawValue)
        return .single(
            .syntax, words.map { "`\($0)`" }.joined(separator: ", "), "one of " + words.joined(separator: ", "),
            schema: [.init("enum", .array(words.map { .string($0) }))],
            read: { Value(rawValue: $0) }, write: { $0.rawValue })
    }
}

extension SettingType where Value == DatabaseURL {
    static let databaseURL = SettingType.single(
        .freeText, "URL", "sqlite:FILE, postgresql://… or mysql://…",
        schema: [.init("type", "string"), .init("pattern", "^(sqlite:.+|postgres(ql)?://.*|mysql://.*)$")],
        read: { DatabaseURL($0) }, write: { $0.masked })
}

extension SettingType where Value == ListenAddress? {
    /// `off`: not at all.
    static let listenAddress = SettingType.single(
        .syntax, "address", "IP:PORT (0.0.0.0:8464, [::]:8464), or off", schema: [.init("type", "string")],
        read: { text in
            if text == "off" { return .some(nil) }
            return ListenAddress(text).map { .some($0) }
        },
        write: { $0?.description ?? "off" })
}

extension String {
    fileprivate var isKafkaName: Bool {
        self != "." && self != ".." && utf8.count <= 249 && consists(of: \.isNameByte)
    }

    /// `HOST`, `HOST:PORT`, `[IPv6]:PORT`, each also behind `PROTOCOL://`.
    fileprivate var isBrokerAddress: Bool {
        var address = self
        if let (scheme, rest) = parted(by: "://") {
            guard scheme.consists(of: { $0.isASCIIUppercase || $0 == UInt8(ascii: "_") }) else { return false }
            address = rest
        }
        guard address.hasPrefix("[") else {
            guard let (host, port) = address.parted(by: ":") else { return address.consists(of: \.isNameByte) }
            return host.consists(of: \.isNameByte) && port.isPort
        }
        guard let (host, port) = address.dropFirst().parted(by: "]") else { return false }
        let isHost = host.consists(of: { $0.isASCIIHexDigit || $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: ".") })
        return isHost && (port.isEmpty || port.hasPrefix(":") && String(port.dropFirst()).isPort)
    }

    private var isPort: Bool {
        consists(of: \.isASCIIDigit) && UInt16(self).map { $0 > 0 } ?? false
    }
}
