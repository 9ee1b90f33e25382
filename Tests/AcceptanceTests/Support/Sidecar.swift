import CommandLineTool
import TrustlogTestKit

/// One deployment of the built program: topics, a group, a key and a SQLite file of its own on a real broker.
final class Sidecar: Sendable {
    let kcat: Kcat
    let topics: TopicAdmin
    let folder: TemporaryFolder
    let input: String
    let output: String
    let deadLetters: String
    let partitions: Int
    let keyFile: String
    private let settings: [String: String]

    var database: String { folder["trustlog.db"] }
    var publicKey: String { keyFile + ".pub" }

    /// What its tests need of the machine.
    static let requirements: [Requirement] = [.trustlogBinary, .kafka, .kcat, .sqlite3, .python, .openssl]

    /// A deployment on the shared broker, with its topics.
    /// - Parameters:
    ///   - deadLetterConfigs: of the dead-letter topic; nil makes none.
    ///   - settings: more settings, over those of the fixture.
    static func make(
        partitions: Int = 4, inputConfigs: [String: String] = [:], deadLetterConfigs: [String: String]? = [:],
        settings: [String: String] = [:]
    ) async throws -> Sidecar {
        let broker = try await KafkaBroker.shared()
        let sidecar = try await withoutTopics(
            bootstrap: broker.bootstrap, partitions: partitions, settings: settings)
        try await sidecar.createTopics(inputConfigs: inputConfigs, deadLetterConfigs: deadLetterConfigs)
        return sidecar
    }

    /// A deployment on a broker that may not be there yet.
    static func withoutTopics(
        bootstrap: String, partitions: Int = 4, settings: [String: String] = [:]
    ) async throws -> Sidecar {
        let folder = try TemporaryFolder("tla")
        return Sidecar(
            bootstrap: bootstrap, folder: folder, partitions: partitions,
            keyFile: try await TrustlogBinary.makeKey(in: folder), settings: settings)
    }

    private init(
        bootstrap: String, folder: TemporaryFolder, partitions: Int, keyFile: String, settings: [String: String]
    ) {
        (self.folder, self.partitions, self.keyFile, self.settings) = (folder, partitions, keyFile, settings)
        kcat = Kcat(bootstrap: bootstrap)
        topics = TopicAdmin(bootstrap: bootstrap)
        input = KafkaBroker.uniqueName("operations")
        output = input + ".trustlog"
        deadLetters = input + ".dead-letter"
    }

    func createTopics(
        inputConfigs: [String: String] = [:], deadLetterConfigs: [String: String]? = [:]
    ) async throws {
        try await topics.create(input, partitions: partitions, configs: inputConfigs)
        try await topics.create(output, partitions: partitions)
        if let deadLetterConfigs { try await createDeadLetterTopic(configs: deadLetterConfigs) }
    }

    func createDeadLetterTopic(configs: [String: String] = [:]) async throws {
        try await topics.create(deadLetters, configs: configs)
    }

    /// The settings of every command against this deployment.
    var commandSettings: [String: String] {
        let base = [
            "kafka.bootstrap-servers": kcat.bootstrap, "input.topic": input, "input.group-id": input,
            "output.topic": output, "database.url": "sqlite:\(database)", "signing.key-file": keyFile,
            "log.format": "json",
        ]
        return base.merging(settings) { $1 }
    }

    /// `--set key=value …` for one-off commands.
    func options(_ more: [String: String] = [:]) -> [String] {
        commandSettings.merging(more) { $1 }.sorted { $0.key < $1.key }.flatMap { ["--set", "\($0.key)=\($0.value)"] }
    }

    /// Starts `trustlog run`, without waiting for it.
    func launch(_ more: [String: String] = [:]) throws -> TrustlogProcess {
        try TrustlogProcess(settings: commandSettings.merging(more) { $1 }, log: folder["log"])
    }

    /// Starts `trustlog run` and waits until it says that it has started.
    func run(_ more: [String: String] = [:]) async throws -> TrustlogProcess {
        let process = try launch(more)
        try await process.awaitStarted()
        return process
    }

    /// Produces operations by kcat, that is, by a producer that is not ours.
    func produce(_ operations: some Sequence<OperationGenerator.Generated>) async throws {
        try await kcat.produce(input, lines: operations.map(\.keyedLine))
    }

    /// What `status -o json` or the admin API prints.
    func status(of process: TrustlogProcess) async throws -> JSONValue {
        try JSONValue(json: try await process.statusJSON())
    }
}
