import CommandLineTool
import KafkaClient
import Observability
import OperationStore
import Testing
import TrustlogAdmin
import TrustlogCore
import TrustlogService
import TrustlogTestKit

@testable import TrustlogCLI

@Suite("What the admin API answers", .timeLimit(.minutes(5)))
struct AdminDataTests {
    /// A service that is made and not yet at work.
    private func makeService(_ databaseURL: String) throws -> (sidecar: Sidecar, data: AdminData) {
        let broker = KafkaConfiguration(bootstrapServers: "127.0.0.1:1")
        let configuration = ServiceConfiguration(consumer: broker, producer: broker)
        let store = try StoreFactory.open(
            url: databaseURL, password: nil, options: StoreOptions(), logger: .discarding)
        let pair = try KeyPair.generate(.ed25519)
        let metrics = TrustlogMetrics(version: "1")
        let sidecar = try Sidecar(
            configuration: configuration, store: store,
            signers: [try SigningKey.load(pem: Array(pair.privatePEM.utf8))], owner: "me", metrics: metrics,
            logger: .discarding, heartbeats: { _, _ in {} })
        let monitor = StatusMonitor(
            sidecar: sidecar, store: store, configuration: configuration, version: "1", metrics: metrics,
            isUp: { _ in true }, dependencies: { _, _ in })
        return (sidecar, AdminData(monitor: monitor, store: store))
    }

    private func problem(_ ask: () async throws(AdminDataError) -> String) async -> AdminDataError? {
        do {
            _ = try await ask()
            return nil
        } catch {
            return error
        }
    }

    @Test("cursors of a database that was never reached are no empty listing, but unavailable with the reason")
    func databaseAway() async throws {
        let (sidecar, data) = try makeService("sqlite:/no/such/folder/t.db")
        #expect(await problem(data.cursors) == AdminDataError(.unavailable, "the database was not asked yet"))
        let running = Task { await sidecar.run() }
        try await eventually("the reason is known") {
            guard let error = await problem(data.cursors) else { return false }
            return error.kind == .unavailable && error.message.contains("unable to open")
        }
        let retries = await problem { () async throws(AdminDataError) in
            try await data.retries(RetriesQuery(onlyDeadLetters: false, errorContains: nil, limit: 1))
        }
        #expect(retries?.kind == .unavailable)
        sidecar.shutdown()
        await running.value
    }

    @Test("cursors of a database that answers are listed")
    func databaseThere() async throws {
        let directory = try TemporaryDirectory()
        let (sidecar, data) = try makeService("sqlite:\(directory.path)/t.db")
        let running = Task { await sidecar.run() }
        try await eventually("the publishing cursor is listed") {
            (try? await data.cursors())?.contains(#""key":"publish-0""#) == true
        }
        sidecar.shutdown()
        await running.value
    }
}
