/// What one server takes on at once.
package struct HTTPServerLimits: Sendable {
    /// Open connections. When they are all but used up, the one that has been idle longest is closed, so that clients that
    /// send nothing, or a byte now and then, cannot keep others out.
    package var connections = 128
    /// Open connections of one address. 0: no limit of its own.
    package var connectionsPerAddress = 64
    /// A connection on which nothing moves for so long is closed, whole seconds.
    package var idleTimeout: Duration = .seconds(10)
    /// Memory of a connection: request line, headers and the answer's headers have to fit.
    package var connectionMemory = 16 * 1024
    /// Deferred answers that are being computed.
    package var concurrentAnswers = 16
    /// A deferred answer that takes longer is given up.
    package var answerDeadline: Duration = .seconds(5)
    /// Waits for `answerDeadline`; throws when the task is cancelled. Tests put in their own.
    package var sleep: @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }

    package init() {}
}
