import Testing

@testable import TrustlogService

@Suite("Backoff")
struct BackoffTests {
    @Test("each pause is twice the one before, up to the limit, and a success begins anew")
    func doubles() {
        var backoff = Backoff(initial: .milliseconds(100), limit: .milliseconds(500))
        #expect((0..<5).map { _ in backoff.next() } == [100, 200, 400, 500, 500].map { .milliseconds($0) })
        backoff.reset()
        #expect(backoff.next() == .milliseconds(100))
    }
}
