/// Runs something without an end until SIGTERM or SIGINT asks for one, which is no fault; a second signal ends the process
/// at once. What was in hand then is cancelled and not waited for.
///
/// - Throws: what `body` throws.
func untilStopped(_ body: @escaping @Sendable () async throws -> Void) async throws {
    let race = Race<Void>()
    let signals = StopSignals { race.finish(.success(())) }
    let work = Task {
        do { race.finish(.success(try await body())) } catch { race.finish(.failure(error)) }
    }
    defer {
        work.cancel()
        signals.cancel()
    }
    try await race.result()
}
