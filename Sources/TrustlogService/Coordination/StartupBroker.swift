import KafkaClient
import Observability
import Synchronization

/// Whether a broker answers, asked while the database is waited for: nothing else talks to the broker then.
final class StartupBroker: Sendable {
    private struct State: Sendable {
        var task: Task<Void, Never>?
        var isKnown = false
        var problem: String?
    }

    private let configuration: KafkaConfiguration
    private let clock: any ServiceClock
    private let logger: Logger
    private let state = Mutex(State())

    private static let interval = Duration.seconds(5)

    init(configuration: KafkaConfiguration, clock: any ServiceClock, logger: Logger) {
        self.configuration = configuration
        self.clock = clock
        self.logger = logger
    }

    var isKnown: Bool { state.withLock { $0.isKnown } }
    /// Why none answers; `nil` also while that is not known.
    var problem: String? { state.withLock { $0.problem } }

    /// Asks again and again until ``stop()``; a second call changes nothing.
    /// - Parameter onChange: is called when the answer is another one.
    func watch(onChange: @escaping @Sendable () -> Void) {
        state.withLock { state in
            guard state.task == nil else { return }
            state.task = Task { await self.ask(onChange) }
        }
    }

    func stop() {
        state.withLock { $0.task }?.cancel()
    }

    private func ask(_ onChange: @Sendable () -> Void) async {
        // What a client's properties make impossible the consumer tells.
        guard let admin = try? KafkaAdmin(configuration: configuration, logger: logger) else { return }
        while !Task.isCancelled {
            var problem: String?
            do {
                try await admin.reach(timeout: Self.interval)
            } catch {
                problem = "no broker answers: \(error)"
            }
            let isNew = state.withLock { [problem] state in
                defer { (state.isKnown, state.problem) = (true, problem) }
                return !state.isKnown || (state.problem == nil) != (problem == nil)
            }
            if isNew { onChange() }
            await clock.sleep(until: clock.now + Self.interval)
        }
        await admin.close()
    }
}
