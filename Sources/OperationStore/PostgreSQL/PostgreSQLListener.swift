import BlockingExecutor
import Observability
import Synchronization

/// Waits for `NOTIFY trustlog` on a connection and a thread of its own, from the first time that somebody wants to know.
final class PostgreSQLListener: Sendable {
    private struct State {
        var isFinished = false
        var isListening = false
        var streams: [AsyncStream<Void>.Continuation] = []
    }

    private let state = Mutex(State())
    private let url: PostgreSQLURL
    private let session: PostgreSQLSession
    private let lifetime: PostgreSQLLifetime
    private let logger: Logger

    init(url: PostgreSQLURL, session: PostgreSQLSession, lifetime: PostgreSQLLifetime, logger: Logger) {
        self.url = url
        self.session = session
        self.lifetime = lifetime
        self.logger = logger
    }

    func announcements() -> AsyncStream<Void> {
        // Announcements say no more than that there was one.
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let mustStart = state.withLock { state -> Bool? in
            guard !state.isFinished else { return nil }
            defer { state.isListening = true }
            state.streams.append(continuation)
            return !state.isListening
        }
        switch mustStart {
        case nil: continuation.finish()
        case false?: break
        case true?:
            let loop = PostgreSQLListenLoop(url: url, session: session, lifetime: lifetime, logger: logger)
            Task { await loop.run { [weak self] in self?.announce() } }
        }
        return stream
    }

    func finish() {
        let streams = state.withLock { state in
            defer { state = State(isFinished: true) }
            return state.streams
        }
        for stream in streams { stream.finish() }
    }

    /// Forgets streams that nobody reads any more.
    private func announce() {
        state.withLock { state in
            state.streams.removeAll { stream in
                if case .terminated = stream.yield() { true } else { false }
            }
        }
    }
}

/// Connects, listens, and connects again after a loss with growing pauses, until the store is closed.
private actor PostgreSQLListenLoop {
    private let executor = BlockingExecutor(name: "postgres-listen")
    private let url: PostgreSQLURL
    private let session: PostgreSQLSession
    private let lifetime: PostgreSQLLifetime
    private let logger: Logger

    /// How long silence lasts before the server is asked whether it is still there.
    private static let probeInterval = Duration.seconds(30)
    private static let shortestPause = Duration.milliseconds(500)
    private static let longestPause = Duration.seconds(30)

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    init(url: PostgreSQLURL, session: PostgreSQLSession, lifetime: PostgreSQLLifetime, logger: Logger) {
        self.url = url
        self.session = session
        self.lifetime = lifetime
        self.logger = logger
    }

    func run(announce: @Sendable () -> Void) {
        var pause = Self.shortestPause
        var isLost = false
        while !lifetime.isClosed {
            do throws(PostgreSQLFailure) {
                let connection = try PostgreSQLConnection(url: url, session: session, lifetime: lifetime)
                try connection.execute("LISTEN trustlog")
                if isLost { logger.info("listening for NOTIFY trustlog again") }
                isLost = false
                pause = Self.shortestPause
                try listen(connection, announce: announce)
            } catch {
                if lifetime.isClosed { return }
                let message = error.storeError(place: url.place).description
                if !isLost { logger.warning("not listening for NOTIFY trustlog: \(message)") }
                isLost = true
                let chance = Double.random(in: 0.8...1.2)
                lifetime.waitForClose(timeout: pause * chance)
                pause = min(pause * 2, Self.longestPause)
            }
        }
    }

    private func listen(
        _ connection: PostgreSQLConnection, announce: @Sendable () -> Void
    ) throws(PostgreSQLFailure) {
        // What was announced while nobody listened.
        announce()
        while true {
            if try connection.waitForNotification(timeout: Self.probeInterval) {
                announce()
            } else {
                try connection.execute("SELECT 1")
            }
        }
    }
}
