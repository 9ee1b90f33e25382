/// Sizes as settings write them: `64KiB`, `8MiB`, `1GiB`, or a plain number of bytes.
enum SizeText {
    static func parse(_ text: String) -> Int? {
        guard let match = text.wholeMatch(of: /([0-9]{1,18})(KiB|MiB|GiB|B)?/), let count = Int(match.1) else {
            return nil
        }
        let unit =
            switch match.2 {
            case "KiB": 1 << 10
            case "MiB": 1 << 20
            case "GiB": 1 << 30
            default: 1
            }
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
