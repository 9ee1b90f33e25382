import CommandLineTool
import KafkaClient
import Observability
import OperationStore
import Synchronization
import TrustlogAdmin
import TrustlogCore
import TrustlogService

/// `trustlog run`: the service, until a signal ends it.
enum RunCommand {
    static let command: Command = Command(
        "run", abstract: "Run the service: consume, persist, sign and publish.",
        discussion: """
            It runs until SIGTERM or SIGINT; a second signal ends it at once. Broker and database may be away when it \
            starts: it waits for them, says so, and 'trustlog status' shows what it waits for.
            """,
        group: CommandGroup.service
    ) { arguments, terminal in
        let loaded = try GlobalOptions.loadSettings(arguments, terminal, for: .run)
        try check(loaded.settings)
        let service = try RunningService(loaded.settings, logger: loaded.settings.log.logger(terminal))
        return try await service.run()
    }

    /// What waiting does not mend is told before anything starts.
    private static func check(_ settings: Settings) throws {
        var problems = ConfigurationProblems()
        settings.checkClients(&problems)
        try problems.check { "\($0) clients of Kafka cannot be made" }
    }
}

/// Everything that one process runs, put together.
struct RunningService: Sendable {
    private let settings: Settings
    private let sidecar: Sidecar
    private let monitor: StatusMonitor
    private let health: HealthRegistry
    private let store: (any OperationStore)?
    private let servers: [HTTPServer]
    private let logger: Logger

    init(_ settings: Settings, logger: Logger) throws {
        self.settings = settings
        self.logger = logger
        let configuration = ServiceConfiguration(settings)
        let signers = settings.strategy.publishes ? try KeyFiles.signers(settings.signing) : []
        let store =
            settings.strategy.usesDatabase ? try settings.openStore(logger: logger.labelled("database")) : nil
        self.store = store
        let metrics = TrustlogMetrics(version: Program.version)
        ProcessMetrics.register(in: metrics.registry)

        let health = HealthRegistry(readiness: settings.health.readiness == .failOpen ? .failOpen : .failClosed)
        self.health = health
        let broker = health.dependency("broker")
        let database = settings.strategy.usesDatabase ? health.dependency("database") : nil
        do {
            sidecar = try Sidecar(
                configuration: configuration, store: store, signers: signers,
                owner: settings.instanceID ?? ProcessOwner.unique(), metrics: metrics, logger: logger,
                heartbeats: { loop, deadline in
                    let heartbeat = LazyHeartbeat { health.heartbeat(loop, deadline: deadline) }
                    return { heartbeat.beat() }
                })
        } catch {
            throw CommandError(.configuration, "the Kafka client cannot be made: \(error)")
        }
        monitor = StatusMonitor(
            sidecar: sidecar, store: store, configuration: configuration, version: Program.version, metrics: metrics,
            isUp: { health.isUp($0.rawValue) },
            dependencies: { component, problem in
                let dependency = component == .broker ? broker : database
                if let problem { dependency?.lost(problem) } else { dependency?.reached() }
            })
        servers = Self.servers(settings, health, metrics, AdminData(monitor: monitor, store: store), logger)
    }

    private static func servers(
        _ settings: Settings, _ health: HealthRegistry, _ metrics: TrustlogMetrics, _ data: AdminData, _ logger: Logger
    ) -> [HTTPServer] {
        var servers: [HTTPServer] = []
        if let address = settings.http.listen {
            servers.append(
                .health(
                    on: ListenEndpoint(host: address.host, port: address.port), health: health,
                    logger: logger.labelled("http")
                ) { metrics.registry.prometheusText() })
        }
        if let address = settings.admin.listen {
            servers.append(
                .admin(
                    on: ListenEndpoint(host: address.host, port: address.port), source: data,
                    logger: logger.labelled("admin")))
        }
        return servers
    }

    func run() async throws -> ExitCode {
        for server in servers {
            do {
                try server.start()
            } catch {
                throw CommandError(.configuration, "\(error)")
            }
        }
        let signals = StopSignals(
            limit: settings.shutdown.timeout,
            onLimit: { [logger] in
                logger.warning(
                    "shutdown.timeout has passed: the program ends, and what was in hand is taken up again elsewhere")
            },
            onFirst: { [sidecar, logger] in
                logger.notice("a signal asks to stop")
                sidecar.shutdown()
            })
        logger.notice(
            "trustlog \(Program.version) runs",
            metadata: [
                "strategy": settings.strategy.rawValue, "input": settings.input.topic, "output": settings.output.topic,
                "group": settings.input.groupID,
            ])
        health.markStarted()
        let watching = Task { await monitor.run() }
        await sidecar.run()
        await monitor.stop()
        await watching.value
        for server in servers { server.stop() }
        await store?.close()
        signals.cancel()
        return .success
    }
}

/// A loop's heartbeat, registered with its first beat: before the service runs there is no loop to tell of.
private final class LazyHeartbeat: Sendable {
    private let register: @Sendable () -> Heartbeat
    private let registered = Mutex<Heartbeat?>(nil)

    init(_ register: @escaping @Sendable () -> Heartbeat) {
        self.register = register
    }

    func beat() {
        let heartbeat = registered.withLock { registered in
            let heartbeat = registered ?? register()
            registered = heartbeat
            return heartbeat
        }
        heartbeat.beat()
    }
}
