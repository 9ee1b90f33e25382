/// When a record that failed is tried again (contract, section 7).
package struct RetryPolicy: Sendable, Equatable {
    /// How many retries there are before a row becomes a dead letter; 0 or more.
    package var maxCount: Int
    /// The pause before the first retry.
    package var initialBackoff: Duration
    /// By what each further pause is longer; 1 or more.
    package var multiplier: Double
    /// What no pause exceeds, chance aside.
    package var maxBackoff: Duration

    package init(
        maxCount: Int = 5, initialBackoff: Duration = .seconds(60), multiplier: Double = 2,
        maxBackoff: Duration = .seconds(3600)
    ) {
        self.maxCount = maxCount
        self.initialBackoff = initialBackoff
        self.multiplier = multiplier
        self.maxBackoff = maxBackoff
    }

    package enum Decision: Sendable, Equatable {
        case retry(after: Duration)
        case deadLetter
    }

    /// What follows a failed try.
    ///
    /// - Parameters:
    ///   - retryCount: how many retries have failed by now: 0 after the first publication failed (which makes the row of
    ///     `trustlog_retry`), `claim.retryCount + 1` after a retry did.
    ///   - jitter: see ``delay(beforeRetry:jitter:)``.
    package func decision(
        retryCount: Int, jitter: Double = .random(in: 0...1)
    ) -> Decision {
        retryCount >= maxCount ? .deadLetter : .retry(after: delay(beforeRetry: max(retryCount, 0) + 1, jitter: jitter))
    }

    /// The pause before a retry: the first backoff times the multiplier for each retry before it, at most the longest one,
    /// plus up to a tenth by chance, so that what failed together is not tried together.
    ///
    /// - Parameters:
    ///   - retry: counted from 1.
    ///   - jitter: 0 (nothing added) to 1 (a tenth).
    package func delay(beforeRetry retry: Int, jitter: Double) -> Duration {
        guard initialBackoff > .zero else { return .zero }
        var factor = 1.0
        // Stops at the limit, so that no number of retries can overflow; a multiplier of 1 never gets there.
        let limit = maxBackoff / initialBackoff
        for _ in 0..<min(max(retry - 1, 0), 1000) where factor < limit { factor *= max(multiplier, 1) }
        let pause = factor < limit ? initialBackoff * factor : maxBackoff
        return pause + pause * (0.1 * min(max(jitter, 0), 1))
    }
}
