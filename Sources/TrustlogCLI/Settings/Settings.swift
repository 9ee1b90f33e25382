package import Observability

/// Every setting of the program with its default (contract, section 8). ``SettingsTable`` says of each how it is named,
/// read, limited and explained.
package struct Settings: Sendable {
    package enum Strategy: String, Sendable, CaseIterable {
        case databaseOnly = "db-only"
        case databaseAndTrustlog = "db-and-trustlog"
        case trustlogOnly = "trustlog-only"

        package var usesDatabase: Bool { self != .trustlogOnly }
        package var publishes: Bool { self != .databaseOnly }
    }

    package struct Kafka: Sendable {
        package var bootstrapServers: [String] = []
        /// Properties of librdkafka for both sides, for consumers, for producers.
        package var properties: [String: String] = [:]
        package var consumer: [String: String] = [:]
        package var producer: [String: String] = [:]
        package var createTopics = false
    }

    package struct Input: Sendable {
        package var topic = "operations"
        package var groupID = "trustlog"
        package var sessionTimeout = Duration.seconds(10)
        package var batchSize = 5_000
        package var batchBytes = 8 << 20
        /// As it was set; ``deadLetterTopic`` says which one holds.
        package var chosenDeadLetterTopic: String?

        package var deadLetterTopic: String { chosenDeadLetterTopic ?? topic + ".dead-letter" }
    }

    package enum OutputKey: String, Sendable, CaseIterable {
        case doid, none
    }

    package struct Output: Sendable {
        package var topic = "trustlog"
        package var key = OutputKey.doid
        package var source = "/trustlog"
        package var forwardHeaders: [String] = []
    }

    package struct Database: Sendable {
        /// As it was set; ``connectionURL`` has the password too.
        package var url = DatabaseURL.sqlite(path: "trustlog.db")
        package var password: String?
        package var migrate = true
        package var poolSize = 4

        /// What the driver is given. A password that is set apart takes the place of one in the URL.
        package var connectionURL: String { (password.map { url.with(password: $0) } ?? url).text }
    }

    package struct Signing: Sendable {
        package var keyFile: String?
        package var additionalKeyFiles: [String] = []
    }

    package struct Verify: Sendable {
        package var keyFiles: [String] = []
    }

    package struct Cursor: Sendable {
        package var interval = Duration.seconds(10)
        package var batchSize = 100
        package var maxInFlight = 10_000
        package var count = 1
        package var lease = Duration.seconds(10)
    }

    package struct Retry: Sendable {
        package var interval = Duration.seconds(30)
        package var batchSize = 100
        package var maxCount = 5
        package var initialBackoff = Duration.seconds(60)
        package var multiplier = 2.0
    }

    package struct Listener: Sendable {
        /// `nil`: off.
        package var listen: ListenAddress?
    }

    package enum Readiness: String, Sendable, CaseIterable {
        case failOpen = "fail-open"
        case failClosed = "fail-closed"
    }

    package struct Health: Sendable {
        package var readiness = Readiness.failOpen
    }

    package struct Shutdown: Sendable {
        package var timeout = Duration.seconds(10)
    }

    package enum LogFormat: String, Sendable, CaseIterable {
        case text, json
    }

    package struct Log: Sendable {
        package var level = Logger.Level.info
        /// `nil`: text on a terminal, JSON otherwise.
        package var format: LogFormat?
    }

    package var strategy = Strategy.databaseAndTrustlog
    package var instanceID: String?
    package var kafka = Kafka()
    package var input = Input()
    package var output = Output()
    package var database = Database()
    package var signing = Signing()
    package var verify = Verify()
    package var cursor = Cursor()
    package var retry = Retry()
    package var http = Listener(listen: ListenAddress(host: "0.0.0.0", port: 8_464))
    package var admin = Listener(listen: ListenAddress(host: "127.0.0.1", port: 8_465))
    package var health = Health()
    package var shutdown = Shutdown()
    package var log = Log()

    package init() {}
}
