package import Testing

/// Waits until `condition` holds, and records a failure if it does not within `limit`.
///
/// Asked again and again, because what it asks (another process, a broker, a database) cannot wake this process. The pause
/// doubles from 10 ms to a quarter of a second. The limit only ends what hangs: a busy machine may take long.
/// - Returns: whether it held.
@discardableResult
package func eventually(
    within limit: Duration = .seconds(120), _ promise: String = "the condition holds",
    sourceLocation: SourceLocation = #_sourceLocation, _ condition: () async throws -> Bool
) async throws -> Bool {
    let held = try await poll(within: limit, condition)
    if !held {
        Issue.record("after \(limit) still not: \(promise)", sourceLocation: sourceLocation)
    }
    return held
}

/// As ``eventually(within:_:sourceLocation:_:)``, without a failure.
package func poll(within limit: Duration, _ condition: () async throws -> Bool) async throws -> Bool {
    let deadline = ContinuousClock.now + limit
    var pause = Duration.milliseconds(10)
    while true {
        if try await condition() { return true }
        guard ContinuousClock.now < deadline else { return false }
        try await Task.sleep(for: pause)
        pause = min(pause * 2, .milliseconds(250))
    }
}
