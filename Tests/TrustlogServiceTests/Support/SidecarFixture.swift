import KafkaClient
import Observability
import OperationStore
import Testing
import TrustlogCore
import TrustlogTestKit

@testable import TrustlogService

/// A whole sidecar at work.
final class SidecarFixture: Sendable {
    let database: TestDatabase
    let sidecar: Sidecar
    let publicKey: PublicKey
    let configuration: ServiceConfiguration
    let metrics = TrustlogMetrics(version: "test")
    let logs = CapturingLogHandler()
    private let running: Task<Void, Never>

    var store: ScriptedStore { database.store }

    /// With a database of its own.
    convenience init(
        _ servers: String, signed: Bool = true, _ change: (inout ServiceConfiguration) -> Void = { _ in }
    ) async throws {
        try self.init(servers, database: try await TestDatabase(), signed: signed, change)
    }

    init(
        _ servers: String, database: TestDatabase, owner: String = "me", signed: Bool = true,
        _ change: (inout ServiceConfiguration) -> Void = { _ in },
        heartbeats: @escaping HeartbeatFactory = noHeartbeat
    ) throws {
        var configuration = makeConfiguration(servers)
        configuration.input.sessionTimeout = .seconds(6)
        configuration.shutdownTimeout = .seconds(5)
        change(&configuration)
        self.configuration = configuration
        self.database = database
        let key = try KeyPair.generate(.ed25519)
        publicKey = try PublicKey.load(pem: Array(key.publicPEM.utf8))
        let signers = signed ? [try SigningKey.load(pem: Array(key.privatePEM.utf8))] : []
        let sidecar = try Sidecar(
            configuration: configuration, store: configuration.strategy == .trustlogOnly ? nil : database.store,
            signers: signers, owner: owner, metrics: metrics, logger: logs.logger(), heartbeats: heartbeats)
        self.sidecar = sidecar
        running = Task { await sidecar.run() }
    }

    func stop() async {
        sidecar.shutdown()
        await running.value
    }
}
