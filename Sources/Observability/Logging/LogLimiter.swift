import Synchronization

/// Keeps a message that repeats (a broker that stays away, a partition that cannot go on) from filling the log.
///
/// A message goes through if its key was not logged during the last interval; the next one that does says in the metadata
/// `suppressed` how many were left out. It remembers a bounded number of keys: the one logged longest ago makes room.
package final class LogLimiter: Sendable {
    private struct Entry {
        var loggedAt: Duration
        var suppressed: Int
    }

    private let logger: Logger
    private let interval: Duration
    private let maximumKeys: Int
    private let now: @Sendable () -> Duration
    private let entries = Mutex<[String: Entry]>([:])

    /// - Parameters:
    ///   - interval: The shortest time between two messages of one key.
    ///   - clock: Monotonic; injected by tests.
    package init<C: Clock<Duration>>(
        logger: Logger, interval: Duration = .seconds(60), maximumKeys: Int = 1_024, clock: C = ContinuousClock()
    ) {
        let start = clock.now
        self.logger = logger
        self.interval = interval
        self.maximumKeys = max(1, maximumKeys)
        self.now = { start.duration(to: clock.now) }
    }

    /// Logs the message unless one with this key was logged during the last interval.
    package func log(
        level: Logger.Level, key: String, _ message: @autoclosure () -> String,
        metadata: @autoclosure () -> Logger.Metadata = [:]
    ) {
        guard level >= logger.logLevel, let suppressed = admit(key) else { return }
        var metadata = metadata()
        if suppressed > 0 { metadata["suppressed"] = String(suppressed) }
        logger.log(level: level, message(), metadata: metadata)
    }

    /// Forgets a key, so that its next message is logged at once: the condition is over.
    package func reset(key: String) {
        entries.withLock { _ = $0.removeValue(forKey: key) }
    }

    /// The condition is over: says so if it was told, and its next message is logged at once.
    package func recovered(key: String, _ message: @autoclosure () -> String) {
        guard entries.withLock({ $0.removeValue(forKey: key) }) != nil else { return }
        logger.log(level: .notice, message())
    }

    /// How many messages of this key were left out since the last one, or `nil` if this one is to be left out too.
    private func admit(_ key: String) -> Int? {
        let now = self.now()
        return entries.withLock { entries in
            if let entry = entries[key], now - entry.loggedAt < interval {
                entries[key]?.suppressed += 1
                return nil
            }
            let suppressed = entries.removeValue(forKey: key)?.suppressed ?? 0
            if entries.count >= maximumKeys, let oldest = entries.min(by: { $0.value.loggedAt < $1.value.loggedAt }) {
                entries.removeValue(forKey: oldest.key)
            }
            entries[key] = Entry(loggedAt: now, suppressed: 0)
            return suppressed
        }
    }
}
