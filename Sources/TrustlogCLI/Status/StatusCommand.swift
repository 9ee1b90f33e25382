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
    private static let watch = Flag("watch", short: "w", help: "Show it anew every two seconds, until interrupted.")

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
        let isWatching = arguments[watch]
        repeat {
            let (status, problem) = try await source.read()
            switch arguments[DocumentFormat.option] {
            case .json: terminal.writeLine(isWatching ? status.compactText : status.prettyText)
            case .text:
                if isWatching && terminal.output.isTerminal { terminal.write("\u{1B}[H\u{1B}[2J") }
                terminal.write(StatusScreen(status, terminal: terminal).text)
            }
            if let problem, !isWatching { throw problem }
            if isWatching { try await ContinuousClock().sleep(for: .seconds(2)) }
        } while isWatching
        return .success
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

    /// What database and broker know by themselves.
    private func collect() async throws -> StatusReport {
        let logger = Logger(label: "status", level: .critical, handler: TextLogHandler())
        let configuration = ServiceConfiguration(settings)
        var report = StatusReport(
            version: Program.version, strategy: configuration.strategy, isRunning: false,
            publishingCursorCount: configuration.strategy == .databaseAndTrustlog ? configuration.cursor.count : 0)
        if settings.strategy.usesDatabase {
            try await readDatabase(&report, configuration, logger)
        }
        if !settings.kafka.bootstrapServers.isEmpty {
            await readBroker(&report, configuration, logger)
        }
        return report
    }

    private func readBroker(
        _ report: inout StatusReport, _ configuration: ServiceConfiguration, _ logger: Logger
    ) async {
        do {
            report.consumer = try await GroupLag(configuration: configuration, logger: logger).read(timeout: timeout)
        } catch {
            if error.problem == .missing {
                report.waiting.append(
                    StatusReport.Waiting(topic: configuration.input.topic, reason: "the broker has no such topic"))
            } else {
                report.brokerProblem = "\(error)"
            }
        }
    }

    private func readDatabase(
        _ report: inout StatusReport, _ configuration: ServiceConfiguration, _ logger: Logger
    ) async throws(CommandError) {
        let store = try settings.openStore(logger: logger)
        do throws(StoreError) {
            let statistics = try await store.statistics()
            report.statistics = statistics
            report.counts = try await store.operationCounts()
            report.cursors = try await CursorReport.all(
                of: store, cursorCount: configuration.cursor.count, statistics)
        } catch {
            report.databaseProblem = "\(error)"
        }
        await store.close()
    }
}
