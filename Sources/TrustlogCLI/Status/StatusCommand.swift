import CommandLineTool
import Glibc
import KafkaClient
import Observability
import OperationStore
import TrustlogAdmin
import TrustlogCore
import TrustlogService

/// `trustlog status`: is everything preserved, up to when, what is stuck, why, and what to do.
enum StatusCommand {
    private static let watch = Flag(
        "watch", short: "w", help: "Show it anew every two seconds, until Ctrl-C (exit code 0).")

    static let command: Command = Command(
        "status", abstract: "Show whether everything is preserved, and what is stuck and why.",
        discussion: """
            Asks the running process at admin.listen. Without one it says so and shows what database and broker know. \
            Exit code 0 if there is an answer, 69 if neither process nor database can be reached; what the broker knows is \
            shown even then.
            """,
        group: CommandGroup.operation, parameters: [watch, DocumentFormat.option, TimeLimit.option]
    ) { arguments, terminal in
        let loaded = try GlobalOptions.loadSettings(arguments, terminal)
        let source = StatusSource(settings: loaded.settings, timeout: arguments[TimeLimit.option].duration)
        let format = arguments[DocumentFormat.option]
        guard arguments[watch] else {
            let (status, problem) = try await source.read()
            terminal.write(format == .json ? status.prettyText + "\n" : StatusScreen(status, terminal: terminal).text)
            if let problem { throw problem }
            return .success
        }
        try await untilStopped { try await show(source, format, terminal) }
        return .success
    }

    /// Until a signal, or a reader that went away (`| head`).
    private static func show(_ source: StatusSource, _ format: DocumentFormat, _ terminal: Terminal) async throws {
        while terminal.output.failure == nil {
            let (status, _) = try await source.read()
            try Task.checkCancellation()
            switch format {
            case .json: terminal.writeLine(status.compactText)
            case .text:
                let clear = terminal.output.isTerminal ? "\u{1B}[H\u{1B}[2J" : ""
                terminal.write(clear + StatusScreen(status, terminal: terminal).text)
            }
            try await ContinuousClock().sleep(for: .seconds(2))
        }
    }
}

/// Where the status comes from: the running process, or else database and broker.
struct StatusSource: Sendable {
    let settings: Settings
    let timeout: Duration

    /// - Returns: the status, and the error to end with where no process runs and the database cannot be asked.
    func read() async throws -> (JSONValue, CommandError?) {
        if let running = try askProcess() { return (running, nil) }
        let report = try await collect()
        let problem = report.databaseProblem.map { problem in
            CommandError(
                .unreachable, "no process runs, and the database cannot be asked: \(problem)",
                hint: "start 'trustlog run', or mend database.url")
        }
        return (report.json, problem)
    }

    /// `nil` where no process listens.
    private func askProcess() throws(CommandError) -> JSONValue? {
        guard let address = settings.admin.listen?.reachable, address.port != 0 else { return nil }
        let response: LoopbackHTTPClient.Response
        do {
            response = try LoopbackHTTPClient.get(
                host: address.host, port: address.port, path: "/api/v1/status", timeout: timeout)
        } catch {
            if error.reason == .refused { return nil }
            throw CommandError(.unreachable, "the process at admin.listen does not answer: \(error)")
        }
        guard response.status == 200, let status = try? JSONValue(json: response.text) else {
            throw CommandError(
                .failure, "\(address) answers with status \(response.status) and no status of Trustlog's",
                hint: "is it Trustlog that listens at admin.listen?")
        }
        return status
    }

    /// What database and broker know by themselves, asked side by side: `timeout` is for both.
    private func collect() async throws -> StatusReport {
        let logger = Logger(label: "status", level: .critical, handler: TextLogHandler())
        let configuration = ServiceConfiguration(settings)
        let store = settings.strategy.usesDatabase ? try settings.openStore(logger: logger) : nil
        async let database = readDatabase(store, configuration)
        async let broker = readBroker(configuration, logger)

        var report = StatusReport(
            version: Program.version, strategy: configuration.strategy, isRunning: false,
            publishingCursorCount: configuration.strategy == .databaseAndTrustlog ? configuration.cursor.count : 0)
        await database.tell(&report)
        await broker.tell(&report)
        return report
    }

    private func readBroker(_ configuration: ServiceConfiguration, _ logger: Logger) async -> BrokerFacts {
        var facts = BrokerFacts()
        guard !settings.kafka.bootstrapServers.isEmpty else { return facts }
        do {
            facts.consumer = try await GroupLag(configuration: configuration, logger: logger).read(timeout: timeout)
        } catch {
            if error.problem == .missing {
                facts.waiting.append(
                    StatusReport.Waiting(topic: configuration.input.topic, reason: "the broker has no such topic"))
            } else {
                facts.problem = "\(error)"
            }
        }
        return facts
    }

    private func readDatabase(
        _ store: (any OperationStore)?, _ configuration: ServiceConfiguration
    ) async -> DatabaseFacts {
        var facts = DatabaseFacts()
        guard let store else { return facts }
        let start = ContinuousClock.now
        do {
            let statistics = try await answer(since: start) { try await store.statistics() }
            facts.statistics = statistics
            let cursorCount = configuration.cursor.count
            facts.cursors = try await answer(since: start) {
                try await CursorReport.all(of: store, cursorCount: cursorCount, statistics)
            }
            do {
                facts.counts = try await answer(since: start) { try await store.operationCounts() }
            } catch is CommandError {
                // A large table takes longer to be counted than was to be waited: the rest is known all the same.
                Task { await store.close() }
                return facts
            }
        } catch let error as CommandError {
            facts.problem = error.message
            // Of one that does not answer, an orderly end may not come in time either.
            Task { await store.close() }
            return facts
        } catch {
            facts.problem = "\(error)".oneLine
        }
        await store.close()
        return facts
    }

    private func answer<Value: Sendable>(
        since start: ContinuousClock.Instant, _ body: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        try await withDeadline(timeout, since: start, waitingFor: "it", body)
    }
}

/// What the database tells until the time is over, or it fails.
private struct DatabaseFacts {
    var statistics: StoreStatistics?
    var counts: OperationCounts?
    var cursors: [CursorReport] = []
    var problem: String?

    func tell(_ report: inout StatusReport) {
        report.statistics = statistics
        report.counts = counts
        report.cursors = cursors
        report.databaseProblem = problem
    }
}

private struct BrokerFacts {
    var consumer: [StatusReport.PartitionLag] = []
    var waiting: [StatusReport.Waiting] = []
    var problem: String?

    func tell(_ report: inout StatusReport) {
        report.consumer = consumer
        report.waiting = waiting
        report.brokerProblem = problem
    }
}
