/// A date of the proleptic Gregorian calendar and a time of day, without a zone.
package struct CivilTime: Sendable, Equatable {
    package var year: Int
    package var month: Int
    package var day: Int
    package var hour: Int
    package var minute: Int
    package var second: Int
    package var microsecond: Int

    package init(
        year: Int, month: Int, day: Int, hour: Int = 0, minute: Int = 0, second: Int = 0, microsecond: Int = 0
    ) {
        self.year = year
        self.month = month
        self.day = day
        self.hour = hour
        self.minute = minute
        self.second = second
        self.microsecond = microsecond
    }

    /// Whether there is such a day and such a time of it; leap seconds count as none.
    package var isValid: Bool {
        (0...9999).contains(year) && (1...12).contains(month) && (1...daysInMonth).contains(day)
            && (0...23).contains(hour) && (0...59).contains(minute) && (0...59).contains(second)
            && (0...999_999).contains(microsecond)
    }

    private var daysInMonth: Int {
        switch month {
        case 4, 6, 9, 11: 30
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        default: 31
        }
    }

    /// Days since 1970-01-01. Years are counted from March on, so that the leap day is the last of its year.
    fileprivate var daysSinceEpoch: Int {
        let year = month > 2 ? year : year - 1
        let era = (year >= 0 ? year : year - 399) / 400
        let yearOfEra = year - era * 400
        let monthFromMarch = month > 2 ? month - 3 : month + 9
        let dayOfYear = (153 * monthFromMarch + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }
}

extension Timestamp {
    /// The moment that a clock in UTC shows so; `nil` if there is no such time, or not between 1970 and 9999.
    ///
    /// - Parameter offsetMinutes: how far the clock is ahead of UTC.
    package init?(_ time: CivilTime, offsetMinutes: Int = 0) {
        guard time.isValid else { return nil }
        let minutes = (time.daysSinceEpoch * 24 + time.hour) * 60 + time.minute - offsetMinutes
        self.init(microseconds: Int64(minutes * 60 + time.second) * 1_000_000 + Int64(time.microsecond))
        guard Self.allowedMicroseconds.contains(microseconds) else { return nil }
    }

    /// What a clock in UTC shows.
    package var civilTime: CivilTime {
        let seconds = floorDivision(Int(microseconds), 1_000_000)
        let days = floorDivision(seconds.quotient, 86_400)
        let shifted = days.quotient + 719_468
        let era = floorDivision(shifted, 146_097)
        let dayOfEra = era.remainder
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        return CivilTime(
            year: era.quotient * 400 + yearOfEra + (month <= 2 ? 1 : 0), month: month,
            day: dayOfYear - (153 * monthFromMarch + 2) / 5 + 1, hour: days.remainder / 3600,
            minute: days.remainder / 60 % 60, second: days.remainder % 60, microsecond: seconds.remainder)
    }
}

private func floorDivision(_ value: Int, _ divisor: Int) -> (quotient: Int, remainder: Int) {
    let (quotient, remainder) = value.quotientAndRemainder(dividingBy: divisor)
    return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
}
