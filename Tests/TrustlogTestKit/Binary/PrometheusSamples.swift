/// The samples of a `/metrics` page.
package struct PrometheusSamples: Sendable {
    /// By the series as written: name and labels.
    package let values: [String: Double]

    package init(_ text: String) {
        var values: [String: Double] = [:]
        for line in text.split(separator: "\n") where !line.hasPrefix("#") {
            guard let space = line.lastIndex(of: " ") else { continue }
            values[String(line[..<space])] = Double(line[line.index(after: space)...])
        }
        self.values = values
    }

    /// One series, for example `trustlog_records_published_total{path="cursor"}`.
    package subscript(series: String) -> Double? { values[series] }

    /// The sum over all series of a name.
    package func sum(_ name: String) -> Double {
        values.filter { $0.key == name || $0.key.hasPrefix(name + "{") }.values.reduce(0, +)
    }
}
