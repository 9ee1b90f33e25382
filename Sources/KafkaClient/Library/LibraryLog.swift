package import Observability
import Synchronization

/// Passes librdkafka's log lines on to the program's logger.
///
/// librdkafka says that it cannot connect some 20 times a second; what repeats about one broker is passed on once a minute,
/// with the number of lines left out. Clients whose loggers have one name share that limit: several producers would each say
/// the same of the same broker.
package final class LibraryLog: Sendable {
    /// What clients share.
    package final class Limiter: Sendable {
        package static let ofThisProcess = Limiter()

        fileprivate let state = Mutex(LogLimiter())

        package init() {}
    }

    private let logger: Logger
    private let limiter: Limiter
    private let now: @Sendable () -> ContinuousClock.Instant

    package init(
        logger: Logger, limiter: Limiter = .ofThisProcess,
        now: @escaping @Sendable () -> ContinuousClock.Instant = { ContinuousClock.now }
    ) {
        self.logger = logger
        self.limiter = limiter
        self.now = now
    }

    func receive(level: Int32, facility: UnsafePointer<CChar>?, text: UnsafePointer<CChar>?) {
        receive(
            level: level,
            facility: facility.map { String(cString: $0) } ?? "",
            text: text.map { String(cString: $0) } ?? "")
    }

    /// `level` is syslog's, as librdkafka gives it.
    package func receive(level: Int32, facility: String, text: String) {
        let decision = limiter.state.withLock {
            $0.decide(logger: logger.label, facility: facility, text: text, at: now())
        }
        guard case .pass(let suppressed) = decision else { return }
        var metadata = ["facility": facility]
        if suppressed > 0 {
            metadata["suppressed"] = String(suppressed)
        }
        logger.log(level: Self.level(syslog: level), text, metadata: metadata)
    }

    private static func level(syslog level: Int32) -> Logger.Level {
        switch level {
        // Its "error" is a connection that it will open again by itself: a warning in this program's words.
        case ...2: .error
        case 3, 4: .warning
        case 5: .notice
        case 6: .info
        default: .debug
        }
    }
}

/// Decides which of librdkafka's lines are news.
struct LogLimiter {
    enum Decision: Equatable {
        case pass(suppressed: Int)
        case suppress
    }

    private struct Source: Hashable {
        var logger: String
        var facility: String
        var thread: String
    }

    private struct Record {
        var passed: ContinuousClock.Instant
        var suppressed = 0
    }

    private static let interval = Duration.seconds(60)
    private static let capacity = 1000
    private static let repeatedFacilities: Set<String> = [
        "FAIL", "ERROR", "OFFSET", "REQTMOUT", "CONNECT", "SESSTMOUT", "TXNERR", "GETPID",
    ]

    private var records: [Source: Record] = [:]

    mutating func decide(
        logger: String, facility: String, text: String, at now: ContinuousClock.Instant
    ) -> Decision {
        guard Self.repeatedFacilities.contains(facility) else { return .pass(suppressed: 0) }
        let source = Source(logger: logger, facility: facility, thread: Self.thread(of: text))
        if var record = records[source], record.passed.duration(to: now) < Self.interval {
            record.suppressed += 1
            records[source] = record
            return .suppress
        }
        let suppressed = records[source]?.suppressed ?? 0
        if records.count >= Self.capacity {
            records.removeAll()
        }
        records[source] = Record(passed: now)
        return .pass(suppressed: suppressed)
    }

    /// The broker whose thread speaks: lines begin with `[thrd:127.0.0.1:9092/bootstrap]`.
    private static func thread(of text: String) -> String {
        guard let end = text.firstIndex(of: "]") else { return "" }
        return String(text[..<end])
    }
}
