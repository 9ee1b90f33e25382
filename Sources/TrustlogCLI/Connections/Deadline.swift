import CommandLineTool

/// Runs something that cannot be cancelled, such as a connection attempt inside a driver, and stops waiting for it after
/// `limit`. What was left behind ends with the process.
///
/// - Parameter start: from when `limit` counts, where several calls share it.
/// - Throws: ``CommandError`` with exit code 69 that says what did not answer, or what `body` throws.
func withDeadline<Value: Sendable>(
    _ limit: Duration, since start: ContinuousClock.Instant = .now, waitingFor what: String,
    _ body: @escaping @Sendable () async throws -> Value
) async throws -> Value {
    let race = Race<Value>()
    let work = Task {
        do { race.finish(.success(try await body())) } catch { race.finish(.failure(error)) }
    }
    let alarm = Task {
        guard (try? await Task.sleep(until: start + limit)) != nil else { return }
        race.finish(
            .failure(
                CommandError(
                    .unreachable, "\(what) did not answer within \(DurationText.format(limit))",
                    hint: "--timeout sets how long to wait")))
    }
    defer {
        work.cancel()
        alarm.cancel()
    }
    return try await race.result()
}
