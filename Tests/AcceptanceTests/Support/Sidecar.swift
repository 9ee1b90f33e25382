import CommandLineTool
import TrustlogTestKit

/// One deployment of the built program: topics, a group, a key and a database of its own on a real broker.
final class Sidecar: Sendable {
    let kcat: Kcat
    let topics: TopicAdmin
    let folder: TemporaryFolder
    let input: String
    let output: String
    let deadLetters: String
    let partitions: Int
    let keyFile: String
    let database: any DeploymentDatabase
    private let settings: [String: String]

    var publicKey: String { keyFile + ".pub" }

    /// What its tests need of the machine.
    static let requirements: [Requirement] = [.trustlogBinary, .kafka, .kcat, .sqlite3, .python, .openssl]

    /// A deployment on the shared broker, with its topics.
    /// - Parameters:
    ///   - kind: of its database, which is new.
    ///   - database: instead, one that is there already.
    ///   - deadLetterConfigs: of the dead-letter topic; nil makes none.
    ///   - settings: more settings, over those of the fixture.
    static func make(
        on kind: DatabaseKind = .sqlite, database: (any DeploymentDatabase)? = nil, partitions: Int = 4,
        inputConfigs: [String: String] = [:], deadLetterConfigs: [String: String]? = [:],
        settings: [String: String] = [:]
    ) async throws -> Sidecar {
        let broker = try await KafkaBroker.shared()
        let sidecar = try await withoutTopics(
            bootstrap: broker.bootstrap, on: kind, database: database, partitions: partitions, settings: settings)
        try await sidecar.createTopics(inputConfigs: inputConfigs, deadLetterConfigs: deadLetterConfigs)
        return sidecar
    }

    /// A deployment on a broker that may not be there yet.
    static func withoutTopics(
        bootstrap: String, on kind: DatabaseKind = .sqlite, database: (any DeploymentDatabase)? = nil,
        partitions: Int = 4, settings: [String: String] = [:]
    ) async throws -> Sidecar {
        let folder = try TemporaryFolder("tla")
        let made: any DeploymentDatabase =
            if let database { database } else { try await kind.make(in: folder) }
        return Sidecar(
            bootstrap: bootstrap, folder: folder, database: made, partitions: partitions,
            keyFile: try await TrustlogBinary.makeKey(in: folder), settings: settings)
    }

    private init(
        bootstrap: String, folder: TemporaryFolder, database: any DeploymentDatabase, partitions: Int,
        keyFile: String, settings: [String: String]
    ) {
        (self.folder, self.database, self.partitions) = (folder, database, partitions)
        (self.keyFile, self.settings) = (keyFile, settings)
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
            "output.topic": output, "database.url": database.url, "signing.key-file": keyFile,
            "log.format": "json",
        ]
        return base.merging(settings) { $1 }
    }

    /// `--set key=value …` for one-off commands.
    func options(_ more: [String: String] = [:]) -> [String] {
        commandSettings.merging(more) { $1 }.sorted { $0.key < $1.key }.flatMap { ["--set", "\($0.key)=\($0.value)"] }
    }

    /// Starts `trustlog run`, without waiting for it.
    /// - Parameter log: the file's name, where several run at once.
    func launch(_ more: [String: String] = [:], log: String = "log") throws -> TrustlogProcess {
        try TrustlogProcess(settings: commandSettings.merging(more) { $1 }, log: folder[log])
    }

    /// Starts `trustlog run` and waits until it says that it has started.
    func run(_ more: [String: String] = [:], log: String = "log") async throws -> TrustlogProcess {
        let process = try launch(more, log: log)
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
