import Foundation
import Testing

@testable import TrustlogCore

@Suite("Timestamps")
struct TimestampTests {
    @Test(
        "RFC 3339 is read as the contract has it, cut to microseconds, in UTC",
        arguments: [
            ("1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000000Z"),
            ("2024-05-01t12:34:56z", "2024-05-01T12:34:56.000000Z"),
            ("2024-05-01T12:34:56.1Z", "2024-05-01T12:34:56.100000Z"),
            ("2024-05-01T12:34:56.123456789Z", "2024-05-01T12:34:56.123456Z"),
            ("2024-05-01T12:34:56.9999999999999999999999Z", "2024-05-01T12:34:56.999999Z"),
            ("2024-05-01T12:34:56+08:00", "2024-05-01T04:34:56.000000Z"),
            ("2024-05-01T00:00:00-23:59", "2024-05-01T23:59:00.000000Z"),
            ("2024-05-01T00:00:00+23:59", "2024-04-30T00:01:00.000000Z"),
            ("2024-05-01T00:00:00-00:00", "2024-05-01T00:00:00.000000Z"),
            ("2024-02-29T00:00:00Z", "2024-02-29T00:00:00.000000Z"),
            ("2000-02-29T00:00:00Z", "2000-02-29T00:00:00.000000Z"),
            ("1969-12-31T23:30:00-00:30", "1970-01-01T00:00:00.000000Z"),
            ("9999-12-31T23:59:59.999999999Z", "9999-12-31T23:59:59.999999Z"),
            ("9999-12-31T23:59:59+00:01", "9999-12-31T23:58:59.000000Z"),
        ])
    func read(text: String, expected: String) {
        #expect(Timestamp(rfc3339: text)?.rfc3339 == expected)
    }

    @Test(
        "anything else is refused",
        arguments: [
            "", "2024-05-01", "2024-05-01T12:34:56", "2024-05-01 12:34:56Z", "2024-05-01T12:34Z",
            "2024-05-01T12:34:56.Z",
            "2024-05-01T12:34:56,1Z", "2024-05-01T12:34:60Z", "2016-12-31T23:59:60Z", "2024-05-01T24:00:00Z",
            "2024-05-01T12:60:00Z", "2024-13-01T00:00:00Z", "2024-00-01T00:00:00Z", "2024-01-00T00:00:00Z",
            "2024-01-32T00:00:00Z", "2023-02-29T00:00:00Z", "1900-02-29T00:00:00Z", "2024-04-31T00:00:00Z",
            "2024-05-01T12:34:56+24:00", "2024-05-01T12:34:56+08:60", "2024-05-01T12:34:56+0800",
            "2024-05-01T12:34:56+08",
            "2024-05-01T12:34:56Z ", " 2024-05-01T12:34:56Z", "2024-05-01T12:34:56ZZ", "2024-05-01T12:34:56+08:00Z",
            "2024-05-01T12:34:56.123", "02024-05-01T12:34:56Z", "-024-05-01T12:34:56Z", "2024/05/01T12:34:56Z",
            "1969-12-31T23:59:59.999999Z", "1970-01-01T00:00:00+00:01", "9999-12-31T23:59:59-00:01",
            "0000-01-01T00:00:00Z",
            "２０２４-05-01T12:34:56Z", "2024-05-01T12:34:5６Z", "2024-05-01T12:34:56−08:00", "2024-05-01\u{0}12:34:56Z",
        ])
    func refused(text: String) {
        #expect(Timestamp(rfc3339: text) == nil)
    }

    @Test("what is printed is read as the same moment, and Foundation prints the same")
    func roundTrip() {
        var generator = SeededGenerator(seed: 3339)
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.timeZone = TimeZone(identifier: "UTC")
        formatter.dateFormat = "yyyy-MM-dd'T'HH:mm:ss"
        for _ in 0..<5000 {
            let time = Timestamp(microseconds: Int64.random(in: Timestamp.allowedMicroseconds, using: &generator))
            #expect(Timestamp(rfc3339: time.rfc3339) == time)
            let date = Date(timeIntervalSince1970: Double(time.microseconds / 1_000_000))
            #expect(time.rfc3339.hasPrefix(formatter.string(from: date)))
        }
    }

    @Test("a moment out of the contract's range is printed without harm")
    func extremes() {
        #expect(Timestamp(microseconds: -1).rfc3339 == "1969-12-31T23:59:59.999999Z")
        #expect(Timestamp(microseconds: .min).rfc3339 == "-290308-12-21T19:59:05.224192Z")
        #expect(Timestamp(microseconds: .max).rfc3339 == "294247-01-10T04:00:54.775807Z")
    }

    @Test("the clock is past the day on which this was written")
    func now() {
        #expect(Timestamp.now() > Timestamp(rfc3339: "2024-01-01T00:00:00Z")!)
    }
}
