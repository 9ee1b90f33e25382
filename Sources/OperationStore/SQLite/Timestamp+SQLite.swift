import TrustlogCore

extension Timestamp {
    /// A time as the schema allows it: `YYYY-MM-DDThh:mm:ss.ffffffZ`, or with a space, a shorter fraction or without `Z`, as
    /// SQLite's date functions write it. It is UTC in any case.
    init?(sqlite text: String) {
        if let time = Timestamp(rfc3339: text.utf8.span) {
            self = time
            return
        }
        var bytes = Array(text.utf8)
        guard bytes.count >= 19, bytes[10] == UInt8(ascii: " ") || bytes[10] == UInt8(ascii: "T") else { return nil }
        bytes[10] = UInt8(ascii: "T")
        if bytes.last != UInt8(ascii: "Z") { bytes.append(UInt8(ascii: "Z")) }
        guard let time = Timestamp(rfc3339: bytes.span) else { return nil }
        self = time
    }

    /// Later by this much, within what a timestamp can hold.
    func advanced(by duration: Duration) -> Timestamp {
        let (seconds, attoseconds) = duration.components
        let (whole, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000)
        let limit = Self.allowedMicroseconds.upperBound
        guard !overflow else { return Timestamp(microseconds: limit) }
        let (sum, sumOverflow) = microseconds.addingReportingOverflow(whole + attoseconds / 1_000_000_000_000)
        return Timestamp(microseconds: sumOverflow ? limit : min(max(sum, 0), limit))
    }
}
