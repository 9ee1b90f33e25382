import Testing

@testable import TrustlogCore

@Suite("Retries")
struct RetryPolicyTests {
    @Test("by default 1, 2, 4, 8 and 16 minutes, then a dead letter")
    func defaults() {
        let policy = RetryPolicy()
        let decisions = (0...6).map { policy.decision(retryCount: $0, jitter: 0) }
        #expect(decisions == [1, 2, 4, 8, 16].map { .retry(after: .seconds(60 * $0)) } + [.deadLetter, .deadLetter])
    }

    @Test("no pause is longer than an hour, chance aside")
    func limit() {
        let policy = RetryPolicy(maxCount: 1000)
        #expect(policy.delay(beforeRetry: 6, jitter: 0) == .seconds(1920))
        #expect(policy.delay(beforeRetry: 7, jitter: 0) == .seconds(3600))
        #expect(policy.delay(beforeRetry: .max, jitter: 0) == .seconds(3600))
        #expect(RetryPolicy(initialBackoff: .seconds(7200)).delay(beforeRetry: 1, jitter: 0) == .seconds(3600))
    }

    @Test("chance adds up to a tenth")
    func jitter() {
        let policy = RetryPolicy()
        #expect(policy.delay(beforeRetry: 1, jitter: 1) == .seconds(66))
        #expect(policy.delay(beforeRetry: 1, jitter: 0.5) == .seconds(63))
        #expect(policy.delay(beforeRetry: 100, jitter: 1) == .seconds(3960))
        for _ in 0..<1000 {
            guard case .retry(let pause) = policy.decision(retryCount: 1) else {
                Issue.record("no retry")
                return
            }
            #expect((.seconds(120))...(.seconds(132)) ~= pause)
        }
    }

    @Test("odd settings do no harm")
    func oddSettings() {
        #expect(RetryPolicy(maxCount: 0).decision(retryCount: 0, jitter: 0) == .deadLetter)
        #expect(RetryPolicy(multiplier: 1).delay(beforeRetry: 1_000_000, jitter: 0) == .seconds(60))
        #expect(RetryPolicy(multiplier: 1e300).delay(beforeRetry: 5, jitter: 0) == .seconds(3600))
        #expect(RetryPolicy(initialBackoff: .zero).delay(beforeRetry: 5, jitter: 1) == .zero)
        #expect(RetryPolicy(initialBackoff: .nanoseconds(1)).delay(beforeRetry: 500, jitter: 0) == .seconds(3600))
        #expect(RetryPolicy().delay(beforeRetry: -5, jitter: -1) == .seconds(60))
    }
}
