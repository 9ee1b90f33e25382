/// Makes the heartbeat of a loop: the loop calls the closure at each turn, and is taken for hung when it has not for
/// `deadline`. The deadline is longer than any wait for broker or database, so that an outage is no hang.
package typealias HeartbeatFactory = @Sendable (_ loop: String, _ deadline: Duration) -> @Sendable () -> Void
