/// Prometheus' text exposition format, version 0.0.4.
package enum PrometheusText {
    /// The media type to answer with.
    package static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    package static func render(_ families: [MetricFamily]) -> String {
        var text = ""
        for family in families where !family.samples.isEmpty {
            text += "# HELP \(family.name) \(escapedHelp(family.help))\n"
            text += "# TYPE \(family.name) \(family.kind.rawValue)\n"
            for sample in family.samples {
                text += family.name + sample.suffix
                text += labelText(sample.labels)
                text += " " + number(sample.value) + "\n"
            }
        }
        return text
    }

    /// As Go's `strconv.ParseFloat` reads it; whole numbers without a fraction.
    package static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        if let whole = Int64(exactly: value), value.magnitude < 1e15 { return String(whole) }
        return value.description
    }

    private static func labelText(_ labels: [MetricLabel]) -> String {
        guard !labels.isEmpty else { return "" }
        return "{" + labels.map { "\($0.name)=\"\(escapedLabel($0.value))\"" }.joined(separator: ",") + "}"
    }

    private static func escapedHelp(_ text: String) -> String {
        escaped(text, quotationMark: false)
    }

    private static func escapedLabel(_ text: String) -> String {
        escaped(text, quotationMark: true)
    }

    private static func escaped(_ text: String, quotationMark: Bool) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\"" where quotationMark: result += "\\\""
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
