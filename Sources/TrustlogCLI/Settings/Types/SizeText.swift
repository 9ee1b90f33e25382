/// Sizes as settings write them: `64KiB`, `8MiB`, `1GiB`, or a plain number of bytes.
enum SizeText {
    static func parse(_ text: String) -> Int? {
        let units = ["": 1, "B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30]
        guard let (count, name) = text.numberAndUnit, let unit = units[name] else { return nil }
        let (bytes, isTooLarge) = count.multipliedReportingOverflow(by: unit)
        return isTooLarge ? nil : bytes
    }

    /// In the largest unit that needs no fraction.
    static func format(_ bytes: Int) -> String {
        for (unit, name) in [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")] where bytes > 0 && bytes % unit == 0
        {
            return "\(bytes / unit)\(name)"
        }
        return "\(bytes)B"
    }
}
