import KafkaClient
import Observability

/// Waits for a dead-letter topic that is not there yet: by asking for it, since a transaction that fails for it would fail
/// for the other partitions as well.
struct DeadLetterTopicWatch: Sendable {
    private let topic: String
    private let configuration: KafkaConfiguration
    private let clock: any ServiceClock
    private let logger: Logger

    init(topic: String, configuration: KafkaConfiguration, clock: any ServiceClock, logger: Logger) {
        self.topic = topic
        self.configuration = configuration
        self.clock = clock
        self.logger = logger
    }

    /// Returns after a pause, once the broker says that there is such a topic, or `isStopping` holds.
    func waitUntilThere(isStopping: () -> Bool) async {
        while !isStopping() {
            await clock.sleep(until: clock.now + .seconds(2))
            if await isThere() { return }
        }
    }

    private func isThere() async -> Bool {
        guard let admin = try? KafkaAdmin(configuration: configuration, logger: logger) else { return false }
        let metadata = try? await admin.metadata([topic], timeout: .seconds(5))
        await admin.close()
        return metadata?.first.map { $0.error == nil } ?? false
    }
}
