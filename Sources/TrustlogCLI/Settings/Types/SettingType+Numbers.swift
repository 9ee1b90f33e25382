import CommandLineTool

extension SettingType where Value == Int {
    static func integer(_ range: ClosedRange<Int>) -> SettingType {
        let expectation = "an integer from \(range.lowerBound) to \(range.upperBound)"
        return .single(
            .integer, "integer, \(range.lowerBound) to \(range.upperBound)", expectation,
            schema: [
                .init("type", "integer"), .init("minimum", .integer(range.lowerBound)),
                .init("maximum", .integer(range.upperBound)),
            ],
            read: { Int($0).flatMap { range.contains($0) ? $0 : nil } }, write: { String($0) })
    }

    /// In bytes.
    static func size(_ range: ClosedRange<Int>) -> SettingType {
        let (low, high) = (SizeText.format(range.lowerBound), SizeText.format(range.upperBound))
        return .single(
            .syntax, "size, \(low) to \(high)", "a size from \(low) to \(high), such as 64KiB or 8MiB",
            schema: [
                .init("type", ["string", "integer"]), .init("pattern", "^[0-9]+(B|KiB|MiB|GiB)?$"),
            ],
            read: { SizeText.parse($0).flatMap { range.contains($0) ? $0 : nil } }, write: { SizeText.format($0) })
    }
}

extension SettingType where Value == Double {
    static func number(_ range: ClosedRange<Double>) -> SettingType {
        .single(
            .number, "number, \(range.lowerBound) to \(range.upperBound)",
            "a number from \(range.lowerBound) to \(range.upperBound)",
            schema: [
                .init("type", "number"), .init("minimum", .number(range.lowerBound)),
                .init("maximum", .number(range.upperBound)),
            ],
            read: { Double($0).flatMap { range.contains($0) ? $0 : nil } }, write: { $0.description })
    }
}

extension SettingType where Value == Bool {
    static let boolean = SettingType.single(
        .boolean, "`true`, `false`", "true or false", schema: [.init("type", "boolean")],
        read: { text in
            switch text.lowercased() {
            case "true": true
            case "false": false
            default: nil
            }
        }, write: { $0 ? "true" : "false" })
}

extension SettingType where Value == Duration {
    static func duration(_ range: ClosedRange<Duration>) -> SettingType {
        let (low, high) = (DurationText.format(range.lowerBound), DurationText.format(range.upperBound))
        return .single(
            .syntax, "duration, \(low) to \(high)", "a duration from \(low) to \(high), such as 250ms, 10s, 1m or 2h",
            schema: [.init("type", "string"), .init("pattern", "^[0-9]+(ms|s|m|h)$")],
            read: { DurationText.parse($0).flatMap { range.contains($0) ? $0 : nil } },
            write: { DurationText.format($0) })
    }
}
