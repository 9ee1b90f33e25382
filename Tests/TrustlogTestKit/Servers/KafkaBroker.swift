import Glibc
import Synchronization

/// A real Apache Kafka on loopback, in a temporary folder, run by the launcher script that `TRUSTLOG_KAFKA` names
/// (else `../shared/kafka/kafka` beside the checkout).
package final class KafkaBroker: Sendable {
    package let bootstrap: String
    package let nodes: Int
    private let launcher: String
    private let folder: TemporaryFolder
    private var cluster: String { folder["cluster"] }

    static let launcherPath: String? = environmentVariable("TRUSTLOG_KAFKA") ?? Checkout.shared("kafka/kafka")

    static var whatIsMissing: String? {
        guard let path = launcherPath, FileTree.isExecutable(path) else {
            return "no broker launcher: set TRUSTLOG_KAFKA to its path"
        }
        guard FileTree.program("java") != nil || environmentVariable("JAVA_HOME") != nil else {
            return "no Java runtime: run `make setup-test`"
        }
        return nil
    }

    /// The broker that all tests of this process share: started by the first that asks, ended with the process. It creates
    /// no topics by itself, so that a test notices who does, and allows sessions of a second.
    package static func shared() async throws -> KafkaBroker {
        try await sharedBroker.value
    }

    private static let sharedBroker = Task {
        let broker = try await start(settings: [
            "auto.create.topics.enable": "false", "group.min.session.timeout.ms": "1000",
        ])
        // The first group makes the broker create its offsets topic, and until that is loaded it coordinates nothing.
        let topic = try await broker.createTopic("first")
        try await Command.check(["kcat", "-b", broker.bootstrap, "-q", "-e", "-G", "first", topic])
        return broker
    }

    private init(bootstrap: String, nodes: Int, launcher: String, folder: TemporaryFolder) {
        (self.bootstrap, self.nodes, self.launcher, self.folder) = (bootstrap, nodes, launcher, folder)
    }

    deinit {
        // What a test forgot; `kafka destroy` would wait, a killed broker does not mind.
        for node in 1...nodes {
            if let text = try? FileTree.text("\(cluster)/node\(node)/pid"),
                let id = pid_t(text.filter { $0.isNumber }), id > 1
            {
                Glibc.kill(id, SIGKILL)
            }
        }
        Watchdog.shared.remove(.brokers(folder: cluster))
    }

    /// Starts a cluster of its own.
    /// - Parameters:
    ///   - settings: broker properties (`--set`).
    ///   - port: the first port, for a cluster that a client is configured for before it starts.
    ///   - listener: a second one beside the plain one, as NAME:PROTOCOL:PORT.
    package static func start(
        nodes: Int = 1, settings: [String: String] = [:], port: UInt16? = nil, listener: String? = nil
    ) async throws -> KafkaBroker {
        guard let launcher = launcherPath else { throw CommandError("no broker launcher: set TRUSTLOG_KAFKA") }
        let folder = try TemporaryFolder("tlk")
        let first = try port ?? FreePort.find(consecutive: 2 * nodes)
        let ports = (0..<nodes).map { "127.0.0.1:\(Int(first) + 2 * $0)" }
        let broker = KafkaBroker(
            bootstrap: ports.joined(separator: ","), nodes: nodes, launcher: launcher, folder: folder)
        Watchdog.shared.add(.brokers(folder: broker.cluster))
        let second = listener.map { ["--listener", $0] } ?? []
        let options = settings.sorted { $0.key < $1.key }.flatMap { ["--set", "\($0.key)=\($0.value)"] }
        try await broker.launch(
            ["start", broker.cluster, "--port", "\(first)", "--nodes", "\(nodes)"] + second + options)
        return broker
    }

    /// Stops every node and keeps the data.
    package func stop() async throws { try await launch(["stop", cluster]) }

    /// Starts every stopped node on the same data and ports.
    package func startAgain() async throws {
        for node in 1...nodes { try await resume(node: node) }
    }

    /// SIGKILL.
    package func kill(node: Int = 1) async throws { try await launch(["kill", cluster, "\(node)"]) }

    /// Starts a killed node on the same data.
    package func resume(node: Int = 1) async throws { try await launch(["resume", cluster, "\(node)"]) }

    /// Ends everything and deletes the data.
    package func destroy() async throws {
        try await launch(["destroy", cluster])
        Watchdog.shared.remove(.brokers(folder: cluster))
    }

    /// One of Kafka's own tools (`topics`, `groups`, `configs`, `get-offsets`, …) against this cluster.
    @discardableResult
    package func tool(_ name: String, _ arguments: [String]) async throws -> String {
        try await Command.check([launcher, "tool", name, "--bootstrap-server", bootstrap] + arguments).text
    }

    /// The command of one of Kafka's own tools that the launcher has no name for.
    /// - Parameter main: for example `org.apache.kafka.tools.AclCommand`.
    package static func javaCommand(_ main: String) throws -> [String] {
        guard let launcherPath, let slash = launcherPath.lastIndex(of: "/") else {
            throw CommandError("no broker launcher: set TRUSTLOG_KAFKA")
        }
        let folder = launcherPath[..<slash]
        let java = environmentVariable("JAVA_HOME").map { "\($0)/bin/java" } ?? "java"
        return [
            java, "-Xmx128m", "-XX:TieredStopAtLevel=1", "-Dlog4j2.configurationFile=\(folder)/log4j2.properties",
            "-cp",
            "\(folder)/libs/*", main,
        ]
    }

    private func launch(_ arguments: [String]) async throws {
        // A session of its own, because what a command leaves in its process group ends with the command.
        try await Command.check(
            ["setsid", "--wait", launcher] + arguments,
            environment: ["KAFKA_HEAP": environmentVariable("KAFKA_HEAP") ?? "384m"],
            timeout: .seconds(120))
    }
}
